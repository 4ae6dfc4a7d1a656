import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseInput, parseKnownInput, stringMap } from '../src/index.js';

const schema = v.object({
  name: v.string('expected a string'),
  count: v.optional(v.number('expected a number')),
  list: v.optional(v.array(v.string('expected a string'), 'expected an array of strings')),
  map: v.optional(stringMap('expected an object with string values')),
  deep: v.optional(v.object({ inner: v.optional(v.string('expected a string')) }, 'expected an object')),
});
const REF = { $from: 'dep', pointer: '/x' };

describe('parseInput', () => {
  it.each<[unknown, string]>([
    [undefined, 'input.name: is required'],
    [null, 'input.name: is required'],
    [{ name: null }, 'input.name: is required'],
    ['text', 'input: '],
    [{ name: 5 }, 'input.name: expected a string, got 5'],
    [{ name: 'x', list: ['a', 5] }, 'input.list[1]: expected a string, got 5'],
    [{ name: 'x', list: {} }, 'input.list: expected an array of strings, got an object'],
    [{ name: 'x', map: ['A=B'] }, 'input.map: expected an object with string values, got an array'],
    [{ name: 'x', deep: { inner: ['a'] } }, 'input.deep.inner: expected a string, got an array'],
    [{ name: 'x', count: 'y'.repeat(50) }, `input.count: expected a number, got "${'y'.repeat(40)}…"`],
  ])('names the field: %j', (raw, message) => {
    expect(() => parseInput(schema, raw, 'input')).toThrow(message);
    expect(() => parseInput(schema, raw, 'input')).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('ignores unknown keys and takes null for absent, at any depth', () => {
    const raw = JSON.parse('{"name": "x", "note": 1, "count": null, "deep": {"inner": null, "__proto__": 1}}');
    expect(parseInput(schema, raw, 'input')).toEqual({ name: 'x', deep: {} });
  });
});

describe('parseKnownInput', () => {
  it('leaves out what a reference will fill, and tells that it is there', () => {
    const { input, has } = parseKnownInput(schema, { name: REF, count: 2 }, 'input');
    expect(input).toEqual({ count: 2 });
    expect([has('name'), has('count'), has('list')]).toEqual([true, true, false]);
  });

  it('takes a whole input that a reference will fill', () => {
    const { input, has } = parseKnownInput(schema, REF, 'input');
    expect(input).toEqual({});
    expect(has('name')).toBe(true);
  });

  it.each([{ list: [REF, 'x'] }, { list: REF }, { map: { A: REF } }, { deep: { inner: REF } }])(
    'lets a reference stand at any depth: %j',
    (fields) => {
      expect(() => parseKnownInput(schema, { name: 'x', ...fields }, 'input')).not.toThrow();
    },
  );

  it.each<[object, string]>([
    [{ count: REF }, 'input.name: is required'],
    [{ name: REF, count: 'x' }, 'input.count'],
    [{ name: 'x', list: [REF, 5] }, 'input.list[1]'],
  ])('checks the rest all the same: %j', (raw, message) => {
    expect(() => parseKnownInput(schema, raw, 'input')).toThrow(message);
  });
});
