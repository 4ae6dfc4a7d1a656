import type { JsonObject } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { ArgumentChecker } from '../src/tools/check-arguments.js';

const reference = { $from: 'earlier' };

function problem(schema: JsonObject, value: unknown): string | undefined {
  try {
    new ArgumentChecker(schema).check(value, 'input');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A name that looks, within the engine's message, like a pointer that cannot be decoded. */
const CRAFTED = 'x" does not match schema.; #/%: y';

const nested: JsonObject = {
  type: 'object',
  properties: {
    list: {
      type: 'array',
      items: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] },
    },
    'odd name/~': { type: 'string' },
    either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
    one: { enum: ['a', 'b'] },
    [CRAFTED]: { type: 'string' },
  },
};

describe('the message names the field', () => {
  it.each([
    [{ list: [{ n: 1 }, { n: 0 }] }, 'input.list[1].n: 0 is less than 1'],
    [{ list: [{}] }, 'input.list[0].n: is required'],
    [{ 'odd name/~': 1 }, 'input.odd name/~: '],
    [{ either: {} }, 'input.either: '],
    [{ one: 'c' }, 'input.one: '],
    [[], 'input: expected an object'],
    [null, 'input: expected an object'],
    [{ [CRAFTED]: 1 }, 'input.%: '],
  ])('%j', (value, message) => {
    expect(problem(nested, value)).toContain(message);
  });
});

describe('dialects', () => {
  const tuple = { prefixItems: [{ type: 'string' }, { type: 'number' }], items: false };

  it('2020-12 is the default', () => {
    const schema: JsonObject = { type: 'object', properties: { pair: { type: 'array', ...tuple } } };
    expect(problem(schema, { pair: ['a', 1] })).toBeUndefined();
    expect(problem(schema, { pair: ['a', 'b'] })).toContain('input.pair[1]');
  });

  it('draft 7 is understood where it is declared', () => {
    const items = [{ type: 'string' }, { type: 'number' }];
    const $schema = 'http://json-schema.org/draft-07/schema#';
    const schema: JsonObject = { $schema, type: 'object', properties: { pair: { type: 'array', items } } };
    expect(problem(schema, { pair: ['a', 'b'] })).toContain('input.pair[1]');
  });

  it.each([
    [{ $schema: 'https://example.com/none', type: 'object', required: ['a'] }],
    [{ type: 'object', properties: { a: { $ref: '#/$defs/missing' } } }],
    [{ type: 'object', properties: { a: { type: 'string', pattern: '(' } } }],
  ] as JsonObject[][])('a schema that cannot be understood checks nothing: %j', (schema) => {
    expect(problem(schema, { a: 'x' })).toBeUndefined();
  });
});

describe('what a reference will fill', () => {
  it.each([
    [nested, { list: [{ n: reference }], one: 'a' }],
    [nested, reference],
    [{ ...nested, additionalProperties: false }, { list: reference }],
    [{ ...nested, required: ['list'], additionalProperties: false }, { list: reference }],
    [{ type: 'object', properties: {}, additionalProperties: false }, { stranger: reference }],
    [{ type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] }, { c: reference }],
    [{ type: 'object', patternProperties: { '^n': { type: 'number' } } }, { n1: reference }],
    [
      { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { type: 'number' } } },
      { a: 1, b: reference },
    ],
  ] as [JsonObject, unknown][])('is not checked: %#', (schema, value) => {
    expect(problem(schema, value)).toBeUndefined();
  });

  it('the rest is', () => {
    expect(problem(nested, { list: reference, one: 'c' })).toContain('input.one');
    expect(problem({ ...nested, additionalProperties: false }, { list: reference, x: 1 })).toContain('input.x');
    expect(problem({ ...nested, required: ['one'] }, { list: reference })).toContain('input.one: is required');
  });
});
