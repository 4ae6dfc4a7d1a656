import { flagOf } from './settings/setting.js';
import { SETTING_NAMES } from './settings/table.js';

const FLAGS: ReadonlySet<string> = new Set(SETTING_NAMES.map(flagOf));

/** Version 1 wrote long flags with one dash (`-addr :9090`, `-addr=:9090`): they get their second one. */
export function withTwoDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return argv.map((argument, at) => {
    if (!/^-[a-z]{2}/.test(argument) || (end !== -1 && at > end)) return argument;
    const flag = `-${argument.split('=', 1)[0]}`;
    return FLAGS.has(flag) ? `-${argument}` : argument;
  });
}
