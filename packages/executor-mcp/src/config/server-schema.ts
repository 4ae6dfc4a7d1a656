import { isJsonObject } from '@execgo/core';
import * as v from 'valibot';
import { ERAS } from './server-config.js';

const text = v.string('a string');
const texts = v.array(text, 'an array of strings');
const map = v.custom<Readonly<Record<string, string>>>(
  (value) => isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string'),
  'an object with string values',
);
/** Timers hold no more milliseconds. */
const MAX_MS = 2 ** 31 - 1;

function count(max: number) {
  const expected = `an integer from 1 to ${max}`;
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(1, expected), v.maxValue(max, expected));
}

const ms = count(MAX_MS);

const settings = {
  timeoutMs: v.optional(ms),
  maxTotalTimeoutMs: v.optional(ms),
  connectTimeoutMs: v.optional(ms),
  maxConcurrency: v.optional(count(10_000)),
  idleTimeoutMs: v.optional(ms),
  allowTools: v.optional(texts),
  denyTools: v.optional(texts),
  era: v.optional(v.picklist(ERAS, `one of ${ERAS.join(', ')}`)),
  restart: v.optional(
    v.object({ maxAttempts: v.optional(count(1_000)), baseMs: v.optional(ms), maxMs: v.optional(ms) }, 'an object'),
  ),
  sandbox: v.optional(
    v.union(
      [
        v.boolean(),
        v.object({
          network: v.optional(v.boolean('true or false')),
          readable: v.optional(texts),
          writable: v.optional(texts),
        }),
      ],
      'true, false or an object with network, readable, writable',
    ),
  ),
};

const common = {
  disabled: v.optional(v.boolean('true or false')),
  execgo: v.optional(v.object(settings, 'an object')),
  secrets: v.optional(texts),
};

export const stdioSchema = v.object({
  type: v.optional(v.literal('stdio', '"stdio"')),
  command: v.pipe(text, v.nonEmpty('a command')),
  args: v.optional(texts),
  env: v.optional(map),
  cwd: v.optional(text),
  ...common,
});

export const httpSchema = v.object({
  type: v.optional(v.picklist(['http', 'streamable-http'], '"http"')),
  url: text,
  headers: v.optional(map),
  ...common,
});

/** The fields of each object of a server's configuration, by its path: what near misses are measured against. */
export const KNOWN_FIELDS = {
  '': [...new Set([...Object.keys(stdioSchema.entries), ...Object.keys(httpSchema.entries)])],
  '.execgo': Object.keys(settings),
  '.execgo.restart': ['maxAttempts', 'baseMs', 'maxMs'],
  '.execgo.sandbox': ['network', 'readable', 'writable'],
} as const;
