import type { Command } from 'commander';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import type { CliContext, CommandDefinition } from './command.js';

/** `execgo serve`: the server, until a signal ends it. */
export const serveCommand: CommandDefinition = {
  name: 'serve',
  isDefault: true,
  describe(command: Command): Command {
    return addSettingFlags(command.description('run the server')).addHelpText(
      'after',
      '\nExample:\n  execgo serve --addr 127.0.0.1:9090 --data-dir /var/lib/execgo',
    );
  },
  async run(command: Command, { env, cwd }: CliContext): Promise<number> {
    const resolved = resolveSettings({ flags: flagsGiven(command), env, cwd, configFile: true });
    const { runServer } = await import('../run-server.js');
    return runServer(resolved, { cwd });
  },
};
