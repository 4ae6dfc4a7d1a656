import { flagOf, variableOf } from './setting.js';
import { declarationOf, SETTING_NAMES, type SettingName } from './table.js';

export interface SettingHelp {
  readonly name: SettingName;
  /** `--addr <host:port>`; undefined where it is no flag. */
  readonly flag: string | undefined;
  readonly variable: string;
  /** Key in the config file; undefined where it is none. */
  readonly key: string | undefined;
  readonly default: string;
  readonly help: string;
}

/** What there is to say about each setting, in the order of the table. */
export function settingsHelp(): readonly SettingHelp[] {
  return SETTING_NAMES.map((name) => {
    const { kind, default: fallback, otherwise, notAs = [], help } = declarationOf(name);
    const flag = [flagOf(name), kind.placeholder].filter((part) => part !== undefined).join(' ');
    return {
      name,
      flag: notAs.includes('flag') ? undefined : flag,
      variable: variableOf(name),
      key: notAs.includes('file') ? undefined : name,
      default: otherwise ?? (fallback === '' ? 'none' : (fallback ?? '')),
      help,
    };
  });
}

/** The same as a Markdown table. */
export function settingsTable(): string {
  const rows = settingsHelp().map(({ flag, variable, key, default: fallback, help }) => {
    return [code(flag), code(variable), code(key), fallback, help].join(' | ');
  });
  const head = ['flag | variable | key in the config file | default | ', '--- | --- | --- | --- | ---'];
  return [...head, ...rows].map((row) => `| ${row} |`).join('\n');
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}
