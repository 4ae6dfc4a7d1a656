import { lstat, stat } from 'node:fs/promises';
import { ExecGoError } from '@execgo/core';
import { createArchive } from '@execgo/store-archive';
import type { Command } from 'commander';
import { copyForCommand, OUTPUTS_NOT_INCLUDED } from '../copy-command.js';
import { openMaintenance } from '../drivers/open-maintenance.js';
import { placeOf, placeText } from '../drivers/store-place.js';
import { withJsonResult } from '../json-result.js';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { path } from '../settings/kinds.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import { SettingsError } from '../settings/settings-error.js';
import type { CliContext, CommandDefinition } from './command.js';
import { STORE_SETTINGS } from './store-settings.js';

const HELP = `
The archive is one file, of mode 0600, that is there whole or not at all; one that exists is not replaced. The server may go on
meanwhile: the archive holds whole graphs, as of one moment. It is brought back with
  execgo migrate --from archive:<file> --to jsonfile:<directory>
Captured output (the folder "output" in the data directory) is not in it: copy that folder yourself.`;

/** `execgo backup`: everything that the store holds, in one file. */
export const backupCommand: CommandDefinition = {
  name: 'backup',
  describe(command: Command): Command {
    command.description('write all that the store holds to one file, also while the server runs');
    command.argument('<file>', 'the archive to write; it must not exist');
    return addSettingFlags(command, STORE_SETTINGS).addHelpText('after', HELP);
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { env, cwd, stderr } = cli;
    const { settings, warnings } = resolveSettings({ flags: flagsGiven(command), env, cwd, configFile: true });
    const onWarning = (message: string) => stderr(`warning: ${message}\n`);
    for (const warning of warnings) onWarning(warning);
    const file = path.fromText(command.args[0] ?? '', cwd);
    if (file === undefined) throw new SettingsError('backup: expected the path of a file that is to be written');
    const place = placeOf(settings);
    return withJsonResult(cli, async () => {
      const maintenance = await openMaintenance('--store', place, { cwd, onWarning });
      await mustBeNew(file);
      const source = { name: placeText(place), maintenance };
      const { tasks, events, receipts, sha256 } = await copyForCommand(cli, source, createArchive({ file }));
      const { size: bytes } = await stat(file);
      return { tasks, events, receipts, sha256, from: placeText(place), file, bytes, ...OUTPUTS_NOT_INCLUDED };
    });
  },
};

async function mustBeNew(file: string): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found !== undefined) {
    throw new ExecGoError('conflict', `${file} is there already, and is not overwritten: name another file`);
  }
}
