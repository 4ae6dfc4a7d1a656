import type { Command } from 'commander';
import { CHECKS } from '../doctor/checks.js';
import { examinationText } from '../doctor/examination-text.js';
import { type Examination, examine } from '../doctor/examine.js';
import { placeOf, placeText } from '../drivers/store-place.js';
import { failWith, withJsonResult } from '../json-result.js';
import { addSettingFlags, flagsGiven } from '../setting-flags.js';
import { resolveSettings } from '../settings/resolve-settings.js';
import type { CliContext, CommandDefinition } from './command.js';
import { STORE_SETTINGS } from './store-settings.js';

/** `execgo doctor`: what is wrong, and what can be done. */
export const doctorCommand: CommandDefinition = {
  name: 'doctor',
  describe(command: Command): Command {
    command.description('look at the store and its settings: what is wrong, and what can be done; changes nothing');
    return addSettingFlags(command, STORE_SETTINGS).addHelpText(
      'after',
      '\nThe findings are text on stderr and one JSON object on stdout. The exit status is 1 where one is an error.',
    );
  },
  async run(command: Command, cli: CliContext): Promise<number> {
    const { env, cwd, stderr } = cli;
    const resolved = resolveSettings({ flags: flagsGiven(command), env, cwd, configFile: true });
    const place = placeOf(resolved.settings);
    const examination = await examine(CHECKS, { resolved, place, cwd });
    stderr(examinationText(placeText(place), examination));
    const data = { store: placeText(place), ...examination };
    const errors = countErrors(examination);
    if (errors === 0) return withJsonResult(cli, async () => data);
    return failWith(cli, { message: `${errors} ${errors === 1 ? 'error' : 'errors'} found`, body: data });
  },
};

function countErrors({ findings }: Examination): number {
  return findings.filter(({ severity }) => severity === 'error').length;
}
