import { type Json, type JsonObject, setOwn } from '@execgo/core';
import fc from 'fast-check';

export interface JsonArbitraryOptions {
  /** Objects and arrays inside one another, at most. @default 64 */
  readonly maxDepth?: number;
}

const DEFAULT_MAX_DEPTH = 64;

/** Keys that break code which keeps maps in plain objects, or paths in strings. */
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '$from',
  'pointer',
  '',
  '/',
  '~1',
];

/** Text of any code units: also unpaired surrogates, control characters, and text outside the basic plane. */
export function anyText(maxLength = 12): fc.Arbitrary<string> {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength });
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength }) },
    { weight: 1, arbitrary: fc.string({ maxLength, unit: 'grapheme' }) },
    { weight: 1, arbitrary: units.map((codes) => String.fromCharCode(...codes)) },
    { weight: 1, arbitrary: fc.constantFrom('\ud800', '\udc00', 'a\ud83d', '\u2028', '\u0000', '😀', '"', '\\') },
  );
}

/**
 * Any value that `JSON.parse(JSON.stringify(value))` gives back unchanged (so never −0), as plain objects and arrays: with
 * keys such as `__proto__` as own properties, unpaired surrogates, and now and then nesting as deep as allowed. No key holds
 * a backslash, which some versions of Node do not give back unchanged.
 */
export function jsonValue(options: JsonArbitraryOptions = {}): fc.Arbitrary<Json> {
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  const scalar = fc.oneof(fc.constant(null), fc.boolean(), jsonNumber(), anyText());
  if (maxDepth === 0) return scalar;
  const bushy = Math.min(maxDepth, 4);
  const levels: fc.Arbitrary<Json>[] = [scalar];
  for (let depth = 1; depth <= bushy; depth += 1) levels.push(container(levels[depth - 1] ?? scalar, scalar));
  const value = levels[bushy] ?? scalar;
  if (maxDepth === bushy) return value;
  const deep = fc
    .tuple(value, fc.array(fc.boolean(), { maxLength: maxDepth - bushy, size: 'max' }))
    .map(([core, wraps]) => wrap(core, wraps));
  return fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: deep });
}

/** Any JSON object, with the same odd contents as `jsonValue`. */
export function jsonObject(options: JsonArbitraryOptions = {}): fc.Arbitrary<JsonObject> {
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  return objectOf(jsonValue({ maxDepth: Math.max(0, maxDepth - 1) }));
}

function container(item: fc.Arbitrary<Json>, scalar: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 2, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(item, { maxLength: 4 }) },
    { weight: 2, arbitrary: objectOf(item) },
  );
}

function objectOf(item: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(objectKey(), item), { maxLength: 4 }).map((entries) => {
    const object: Record<string, Json> = {};
    for (const [name, value] of entries) setOwn(object, name, value);
    return object;
  });
}

/**
 * Without a backslash: once the JSON.parse of Node 24 and 26 has met a key that ends in one, it takes an escaped character at
 * the same place of a later key for it, and gives back another key than the text has (nodejs/node#63785).
 */
function objectKey(): fc.Arbitrary<string> {
  const text = anyText(6).map((key) => key.replaceAll('\\', '/'));
  return fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(...ODD_KEYS) });
}

function jsonNumber(): fc.Arbitrary<number> {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  return fc.oneof(fc.integer(), fc.maxSafeInteger(), finite);
}

function wrap(core: Json, wraps: readonly boolean[]): Json {
  return wraps.reduce<Json>((inner, asArray) => (asArray ? [inner] : { next: inner }), core);
}
