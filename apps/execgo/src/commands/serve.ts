import type { Command } from 'commander';
import { runServer } from '../run-server.js';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo serve`: the server, until a signal ends it. */
export const serveCommand: CommandDefinition = {
  name: 'serve',
  isDefault: true,
  describe(command: Command): Command {
    return addSettingFlags(command.description('run the server (the default command)'));
  },
  async run(command: Command, { env, cwd }: CliContext): Promise<number> {
    const resolved = resolveSettings({ flags: flagsGiven(command), env, cwd, configFile: true });
    return runServer(resolved, { cwd });
  },
};
