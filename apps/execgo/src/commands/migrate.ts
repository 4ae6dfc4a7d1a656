import { realpath } from 'node:fs/promises';
import { isExecGoError } from '@execgo/core';
import type { Command } from 'commander';
import { copyForCommand, OUTPUTS_NOT_INCLUDED } from '../copy-command.js';
import { openMaintenance } from '../drivers/open-maintenance.js';
import { parsePlace, placeText, type StorePlace } from '../drivers/store-place.js';
import { withJsonResult } from '../json-result.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';

const HELP = `
A place is jsonfile:<directory>, sqlite:<file>, archive:<file>, or <package>:<path>. All tasks, events and receipts are copied
and read back; the target must be new and is a store only once all of it is there. Interrupted, also by kill -9, the same
command goes on. A source that is in use is copied as of one moment: what is written afterwards is not taken along. Captured
output (the folder "output" in the data directory) is not copied: move it yourself.`;

/** `execgo migrate`: one store becomes another. */
export const migrateCommand: CommandDefinition = {
  name: 'migrate',
  describe(command: Command): Command {
    return command
      .description('copy a store to another place or another kind of store; also restores an archive')
      .requiredOption('--from <place>', 'the store that is read')
      .requiredOption('--to <place>', 'the store that is made')
      .addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { cwd, stderr } = cli;
    const given = command.opts<{ from: string; to: string }>();
    const [from, to] = [parsePlace('--from', given.from, cwd), parsePlace('--to', given.to, cwd)];
    if (await areSame(from, to)) {
      throw new SettingsError(`--from and --to are the same store: ${placeText(from)}`);
    }
    const options = { cwd, onWarning: (message: string) => stderr(`warning: ${message}\n`) };
    return withJsonResult(
      cli,
      async () => {
        const source = await openMaintenance('--from', from, options);
        const target = await openMaintenance('--to', to, options);
        const copied = await copyForCommand(cli, { name: placeText(from), maintenance: source }, target);
        const { tasks, events, receipts, sha256 } = copied;
        return { tasks, events, receipts, sha256, from: placeText(from), to: placeText(to), ...OUTPUTS_NOT_INCLUDED };
      },
      (error) => (isExecGoError(error, 'cancelled') ? 'run the same command again: it goes on' : undefined),
    );
  },
};

/** By the file that is there, whatever it is called: a copy of a store onto itself would look as if it were one. */
async function areSame(from: StorePlace, to: StorePlace): Promise<boolean> {
  // That one has no file, which is said where it is opened.
  if (from.kind === 'memory' || to.kind === 'memory') return false;
  const [a, b] = await Promise.all([from, to].map(({ path }) => realpath(path).catch(() => path)));
  return a === b;
}
