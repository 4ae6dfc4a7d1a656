import { backupCommand } from './backup.js';
import type { CommandDefinition } from './command.js';
import { doctorCommand } from './doctor.js';
import { mcpCommand } from './mcp.js';
import { migrateCommand } from './migrate.js';
import { serveCommand } from './serve.js';

/** Every command of the program, in the order of the help. */
export const COMMANDS: readonly CommandDefinition[] = [
  serveCommand,
  mcpCommand,
  backupCommand,
  migrateCommand,
  doctorCommand,
];
