import { type Json, jsonDepth } from '@execgo/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonObject, jsonValue } from '../src/index.js';

it('gives values that JSON keeps as they are', () => {
  fc.assert(
    fc.property(jsonValue(), (value) => {
      expect(Object.is(value, -0)).toBe(false);
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

it('stays within the depth, and reaches it', () => {
  const depths = fc.sample(jsonValue({ maxDepth: 40 }), 2_000).map((value) => jsonDepth(value, 1_000));
  expect(Math.max(...depths)).toBeLessThanOrEqual(40);
  expect(Math.max(...depths)).toBeGreaterThan(30);
});

it('gives objects with own __proto__ keys, and unpaired surrogates', () => {
  const objects = fc.sample(jsonObject(), 1_000);
  expect(objects.some((object) => Object.hasOwn(object, '__proto__'))).toBe(true);
  expect(objects.every((object) => Object.getPrototypeOf(object) === Object.prototype)).toBe(true);
  expect(objects.some((object) => texts(object).some((text) => /\p{Surrogate}/u.test(text)))).toBe(true);
});

function texts(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...texts(item as Json)]);
}
