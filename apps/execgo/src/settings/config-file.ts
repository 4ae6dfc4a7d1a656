import { readFileSync } from 'node:fs';
import { isJsonObject } from '@execgo/core';
import { nearestName } from './nearest-name.js';
import { SettingsError } from './settings-error.js';
import { declarationOf, SETTING_NAMES } from './table.js';

/** Read where no other is named. */
export const DEFAULT_CONFIG_FILE = 'execgo.config.json';

const KEYS = SETTING_NAMES.filter((name) => !declarationOf(name).notAs?.includes('file'));

/** Values by the names of settings; whether they are of the right kind is not yet known. */
export type ConfigValues = Readonly<Record<string, unknown>>;

/**
 * The settings in a config file; undefined when there is no such file and none is required.
 *
 * @throws SettingsError for a file that cannot be read, is no JSON object, or holds a key that is no setting
 */
export function readConfigFile(file: string, required: boolean): ConfigValues | undefined {
  const text = read(file, required);
  if (text === undefined) return undefined;
  const values = parse(text, file);
  for (const key of Object.keys(values)) {
    if (!(KEYS as readonly string[]).includes(key)) throw unknownKey(key, file);
  }
  return values;
}

function read(file: string, required: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    const problem = code === 'ENOENT' ? 'there is no such file' : message;
    throw new SettingsError(`config file ${file} cannot be read: ${problem}`, { cause });
  }
}

function parse(text: string, file: string): ConfigValues {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (cause) {
    throw new SettingsError(`config file ${file} is not JSON: ${(cause as SyntaxError).message}`, { cause });
  }
  if (!isJsonObject(values)) throw new SettingsError(`config file ${file} must hold one JSON object`);
  return values;
}

function unknownKey(key: string, file: string): SettingsError {
  if (key === 'token') {
    return new SettingsError(`"token" in ${file}: a config file holds no token; name a file for it as "tokenFile"`);
  }
  const meant = nearestName(key, KEYS);
  const hint = meant === undefined ? `the settings are ${KEYS.join(', ')}` : `did you mean "${meant}"?`;
  return new SettingsError(`unknown setting ${JSON.stringify(key)} in ${file}; ${hint}`);
}
