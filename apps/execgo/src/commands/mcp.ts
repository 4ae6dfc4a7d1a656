import type { Command } from 'commander';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import { SETTING_NAMES } from '../settings/table.js';
import type { CliContext, CommandDefinition } from './command.js';

/** Settings about being listened to, which this command is not. */
const OF_LISTENERS: ReadonlySet<string> = new Set([
  'addr',
  'tokenFile',
  'token',
  'allowUnauthenticated',
  'allowedOrigins',
]);

const HELP = `
It is started by an MCP client, which talks to it over stdin and stdout; the log goes to stderr. When the client is gone it
stops, and what still runs goes on at the next start with the same --data-dir. Only one process uses a data directory: where a
server runs, have the client connect to its /mcp instead. See docs/mcp-server.md.`;

/** `execgo mcp`: an MCP server over stdio, with a kernel of its own. */
export const mcpCommand: CommandDefinition = {
  name: 'mcp',
  describe(command: Command): Command {
    command.description('be an MCP server over stdio, for the client that started it');
    return addSettingFlags(
      command,
      SETTING_NAMES.filter((name) => !OF_LISTENERS.has(name)),
    ).addHelpText('after', HELP);
  },
  async run(command: Command, { env, cwd }: CliContext): Promise<number> {
    const resolved = resolveSettings({ flags: flagsGiven(command), env, cwd, configFile: true });
    const { runMcp } = await import('../run-mcp.js');
    return runMcp(resolved, { cwd });
  },
};
