import type { Command } from 'commander';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import type { ListenAddress } from '../settings/kinds.js';
import { LISTENER_SETTINGS, UNUSED_WITHOUT_LISTENER } from '../settings/listener-settings.js';
import { resolveSettings, type SettingsSources } from '../settings/resolve-settings.js';
import { SettingsError } from '../settings/settings-error.js';
import { SETTING_NAMES } from '../settings/table.js';
import type { CliContext, CommandDefinition } from './command.js';

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
      SETTING_NAMES.filter((name) => !LISTENER_SETTINGS.includes(name)),
    ).addHelpText('after', HELP);
  },
  async run(command: Command, { env, cwd }: CliContext): Promise<number> {
    // Shared with a server, whose settings are of no concern here and no reason to refuse.
    const sources = { flags: flagsGiven(command), env, cwd, configFile: true, leaveOut: UNUSED_WITHOUT_LISTENER };
    const resolved = resolveSettings(sources);
    const { runMcp } = await import('../run-mcp.js');
    return runMcp(resolved, { cwd, serverAddress: () => addressOfServer(sources) });
  },
};

/** Where a server would listen that has the same variables and config file; undefined where they name no address. */
function addressOfServer(sources: SettingsSources): ListenAddress | undefined {
  const leaveOut = SETTING_NAMES.filter((name) => name !== 'addr');
  try {
    return resolveSettings({ ...sources, leaveOut }).settings.addr;
  } catch (error) {
    if (error instanceof SettingsError) return undefined;
    throw error;
  }
}
