import { isAbsolute, join, normalize } from 'node:path';
import { isToolPattern } from '@execgo/adapter';

/** How one sort of value is written, read and shown. A reader answers undefined for what is no such value. */
export interface Kind<T> {
  /** What stands after the flag in the help; absent for a flag without a value. */
  readonly placeholder?: string;
  /** What a user is told to write. */
  readonly expected: string;
  /** The flag may be repeated. */
  readonly repeatable?: true;
  /** @param folder what a relative path is relative to */
  fromText(text: string, folder: string): T | undefined;
  fromJson(value: unknown, folder: string): T | undefined;
}

/** Where to listen. */
export interface ListenAddress {
  /** Address or name; undefined = every interface. */
  readonly host: string | undefined;
  /** 0 = a free one. */
  readonly port: number;
}

const ADDRESS = /^(?:\[(?<six>[\da-fA-F:.]+)\]|(?<host>[^\s:[\]/@]*)):(?<port>\d{1,5})$/;
const MAX_PORT = 65_535;

export const address: Kind<ListenAddress> = textual('host:port', 'host:port, or :port for every interface', (text) => {
  const { six, host, port } = ADDRESS.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) > MAX_PORT) return undefined;
  return { host: (six ?? host) || undefined, port: Number(port) };
});

/** A target to connect to. */
export const target: Kind<string> = textual('host:port', 'host:port', (text) => {
  const read = address.fromText(text, '');
  return read?.host !== undefined && read.port > 0 ? text : undefined;
});

/** A file or folder; absolute once it is read. */
export const path: Kind<string> = {
  placeholder: '<path>',
  expected: 'a path',
  fromText: (text, folder) => {
    if (text === '' || text.includes('\0')) return undefined;
    return isAbsolute(text) ? normalize(text) : join(folder, text);
  },
  fromJson: (value, folder) => (typeof value === 'string' ? path.fromText(value, folder) : undefined),
};

/** Not empty; shown as `<placeholder>` in the help. */
export function name(placeholder: string, expected: string): Kind<string> {
  return textual(placeholder, expected, (text) => (/^\S+$/.test(text) ? text : undefined));
}

/** A name under which agents call a tool, or a glob of such names. */
export const toolPattern: Kind<string> = textual(
  'tool',
  'the name of a tool, or a glob of letters, digits, _, -, * and ?, with or without a ! before it',
  (text) => (isToolPattern(text) ? text : undefined),
);

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const limits = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  return numeric(
    'n',
    `a whole number ${limits}`,
    (value) => Number.isSafeInteger(value) && value >= min && value <= max,
  );
}

export function seconds(max: number): Kind<number> {
  return numeric('seconds', `seconds from 0 to ${max}`, (value) => value >= 0 && value <= max);
}

const UNITS = new Map([
  ['', 1],
  ['b', 1],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

/** Bytes, with or without a unit: `8388608`, `8 MiB`, `0.5GiB`. */
export function bytes(min: number): Kind<number> {
  const fits = (value: number) => (Number.isSafeInteger(value) && value >= min ? value : undefined);
  return {
    placeholder: '<bytes>',
    expected: `a size from ${min} bytes, such as 8388608 or "8 MiB" (units: KiB, MiB, GiB)`,
    fromText: (text) => {
      const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
      const factor = UNITS.get(unit.toLowerCase());
      return number === undefined || factor === undefined ? undefined : fits(Math.floor(Number(number) * factor));
    },
    fromJson(value) {
      if (typeof value === 'number') return fits(value);
      return typeof value === 'string' ? this.fromText(value, '') : undefined;
    },
  };
}

const DURATION_UNITS_MS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

/** Milliseconds, from numbers with units: `30d`, `72h`, `1h30m`, `1.5s`, as Go writes them, with days and weeks besides. */
export function duration(minMs: number): Kind<number> {
  const expected = 'a duration such as 30d, 72h or 1h30m (units: ms, s, m, h, d, w)';
  return textual('duration', expected, (text) => {
    if (!/^(\d+(\.\d+)?[a-z]+)+$/.test(text)) return undefined;
    let ms = 0;
    for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
      ms += Number(number) * (DURATION_UNITS_MS.get(unit as string) ?? Number.NaN);
    }
    const whole = Math.floor(ms);
    return Number.isSafeInteger(whole) && whole >= minMs ? whole : undefined;
  });
}

const TRUTH = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** On where the flag stands; as a variable `1`/`true` or `0`/`false`. */
export const toggle: Kind<boolean> = {
  expected: 'true or false (or 1 or 0)',
  fromText: (text) => TRUTH.get(text.toLowerCase()),
  fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
};

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return textual(choices.join('|'), choices.join(' or '), (text) => choices.find((choice) => choice === text));
}

/** Several values: the flag repeated, one text with commas, or an array in the config file. */
export function listOf<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    ...(kind.placeholder !== undefined && { placeholder: kind.placeholder.replace('>', ',…>') }),
    expected: `a list of: ${kind.expected}`,
    repeatable: true,
    fromText: (text, folder) => {
      const parts = text.split(',').map((part) => part.trim());
      return all(parts.filter((part) => part !== '').map((part) => kind.fromText(part, folder)));
    },
    fromJson: (value, folder) => {
      return Array.isArray(value) ? all(value.map((item) => kind.fromJson(item, folder))) : undefined;
    },
  };
}

function all<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === values.length ? found : undefined;
}

function textual<T>(placeholder: string, expected: string, read: (text: string) => T | undefined): Kind<T> {
  return {
    placeholder: `<${placeholder}>`,
    expected,
    fromText: (text) => read(text.trim()),
    fromJson: (value) => (typeof value === 'string' ? read(value.trim()) : undefined),
  };
}

function numeric(placeholder: string, expected: string, fits: (value: number) => boolean): Kind<number> {
  return {
    placeholder: `<${placeholder}>`,
    expected,
    fromText: (text) => {
      const value = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
      return fits(value) ? value : undefined;
    },
    fromJson: (value) => (typeof value === 'number' && fits(value) ? value : undefined),
  };
}
