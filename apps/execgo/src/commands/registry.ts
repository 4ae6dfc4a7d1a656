import { actCommand } from './act.js';
import { backupCommand } from './backup.js';
import { cancelCommand } from './cancel.js';
import { capabilitiesCommand } from './capabilities.js';
import type { CommandDefinition } from './command.js';
import { completionCommand } from './completion.js';
import { doctorCommand } from './doctor.js';
import { ensureRunningCommand } from './ensure-running.js';
import { getCommand } from './get.js';
import { healthCommand } from './health.js';
import { listCommand } from './list.js';
import { logsCommand } from './logs.js';
import { mcpCommand } from './mcp.js';
import { migrateCommand } from './migrate.js';
import { openApiCommand } from './openapi.js';
import { runCommand } from './run.js';
import { serveCommand } from './serve.js';
import { skillsCommand } from './skills.js';
import { submitCommand } from './submit.js';
import { toolsCommand } from './tools.js';
import { translateCommand } from './translate.js';
import { waitCommand } from './wait.js';
import { watchCommand } from './watch.js';

/** Every command of the program, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  serveCommand,
  runCommand,
  mcpCommand,
  submitCommand,
  waitCommand,
  getCommand,
  listCommand,
  cancelCommand,
  logsCommand,
  watchCommand,
  actCommand,
  translateCommand,
  toolsCommand,
  capabilitiesCommand,
  skillsCommand,
  healthCommand,
  ensureRunningCommand,
  backupCommand,
  migrateCommand,
  doctorCommand,
  openApiCommand,
  completionCommand,
];
