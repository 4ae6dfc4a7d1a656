import { dirname, join } from 'node:path';
import { setOwn } from '@execgo/core';
import { type ConfigValues, DEFAULT_CONFIG_FILE, readConfigFile } from './config-file.js';
import { nearestName } from './nearest-name.js';
import { flagOf, variableOf } from './setting.js';
import { SettingsError } from './settings-error.js';
import { declarationOf, SETTING_NAMES, type SettingName, type Settings, type SettingsInput } from './table.js';

export interface SettingsSources {
  /** Given by a program, as the config file would hold them. @default none */
  readonly options?: SettingsInput;
  /** From the command line: each text that stood after the flag, `true` for a flag without one. @default none */
  readonly flags?: ReadonlyMap<SettingName, readonly string[]>;
  /** @default none: an embedding program decides for itself what to read */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether a config file is read: the one that is named, else `execgo.config.json` in `cwd`. @default false */
  readonly configFile?: boolean;
  /** Settings that are read from no source, whatever stands there: their defaults hold. @default none */
  readonly leaveOut?: readonly SettingName[];
  /** What relative paths start at. @default the working directory of this process */
  readonly cwd?: string;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  /** The config file that was read. */
  readonly configFile: string | undefined;
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

/** A value as it was given, and how to name the place. */
interface Given {
  readonly place: string;
  read(): unknown;
  readonly shown: string;
}

/**
 * The settings, each from the strongest source that gives it: options, flags, variables, config file, default.
 *
 * @throws SettingsError naming the flag, variable or key, what was expected and what came
 */
export function resolveSettings(sources: SettingsSources = {}): ResolvedSettings {
  const cwd = sources.cwd ?? process.cwd();
  const named = settingValue('config', sources, cwd, undefined) as string | undefined;
  const file = named ?? join(cwd, DEFAULT_CONFIG_FILE);
  const values = sources.configFile ? readConfigFile(file, named !== undefined) : undefined;
  const config = values === undefined ? undefined : { file, values };

  const settings: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const from = sources.leaveOut?.includes(name) ? {} : sources;
    setOwn(settings, name, settingValue(name, from, cwd, from === sources ? config : undefined));
  }
  return {
    settings: settings as Settings,
    configFile: config?.file,
    warnings: misspelledVariables(sources.env ?? {}),
  };
}

interface Config {
  readonly file: string;
  readonly values: ConfigValues;
}

function settingValue(name: SettingName, sources: SettingsSources, cwd: string, config: Config | undefined): unknown {
  const given =
    fromOptions(name, sources, cwd) ??
    fromFlags(name, sources, cwd) ??
    fromVariables(name, sources, cwd) ??
    fromFile(name, config);
  const { kind, default: fallback, secret } = declarationOf(name);
  if (given === undefined) return fallback === undefined ? undefined : kind.fromText(fallback, cwd);
  const value = given.read();
  if (value !== undefined) return value;
  const shown = secret ? '(not shown)' : given.shown;
  throw new SettingsError(`${given.place}: expected ${kind.expected}, got ${shown}`);
}

function fromOptions(name: SettingName, { options }: SettingsSources, cwd: string): Given | undefined {
  const value = name === 'config' ? undefined : options?.[name];
  if (value === undefined) return undefined;
  return { place: `option ${name}`, shown: JSON.stringify(value), read: () => readJson(name, value, cwd) };
}

function fromFlags(name: SettingName, { flags }: SettingsSources, cwd: string): Given | undefined {
  const texts = flags?.get(name);
  if (texts === undefined) return undefined;
  const text = declarationOf(name).kind.repeatable ? texts.join(',') : (texts.at(-1) ?? '');
  return { place: flagOf(name), shown: JSON.stringify(text), read: () => readText(name, text, cwd) };
}

/** An empty variable is one that is not set, as shells and compose files leave it. */
function fromVariables(name: SettingName, { env }: SettingsSources, cwd: string): Given | undefined {
  if (declarationOf(name).notAs?.includes('variable')) return undefined;
  const variable = variableOf(name);
  const text = env?.[variable];
  if (text === undefined || text === '') return undefined;
  return { place: variable, shown: JSON.stringify(text), read: () => readText(name, text, cwd) };
}

function fromFile(name: SettingName, config: Config | undefined): Given | undefined {
  const value = config?.values[name];
  if (config === undefined || value === undefined || value === null) return undefined;
  return {
    place: `"${name}" in ${config.file}`,
    shown: JSON.stringify(value),
    read: () => readJson(name, value, dirname(config.file)),
  };
}

function readText(name: SettingName, text: string, folder: string): unknown {
  return declarationOf(name).kind.fromText(text, folder);
}

function readJson(name: SettingName, value: unknown, folder: string): unknown {
  return declarationOf(name).kind.fromJson(value, folder);
}

/** A variable that means nothing is ignored, as other programs may use it; one that is nearly ours is told of. */
function misspelledVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const ours = SETTING_NAMES.map(variableOf);
  return Object.keys(env)
    .filter((variable) => variable.startsWith('EXECGO_') && !ours.includes(variable))
    .flatMap((variable) => {
      const meant = nearestName(variable, ours);
      return meant === undefined ? [] : [`${variable} is not a setting and is ignored; did you mean ${meant}?`];
    });
}
