import { anyText, jsonValue } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, jsonDepth, jsonSize, setOwn, toPlainJson, utf8Length } from '../src/index.js';

const LIMITS = { maxBytes: 1_000_000, maxDepth: 64 };
const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as Json;

describe('jsonDepth', () => {
  it.each<[unknown, number]>([
    [1, 0],
    ['[[[', 0],
    [null, 0],
    [undefined, 0],
    [{}, 1],
    [[], 1],
    [{ a: 1, b: [] }, 2],
    [[[], [[]], 1], 3],
    [{ a: { b: { c: [1] } } }, 4],
  ])('of %j is %i', (value, depth) => {
    expect(jsonDepth(value, 100)).toBe(depth);
  });

  it.each([64, 65, 10_000, 200_000])('of %i levels is counted without touching the stack', (depth) => {
    expect(jsonDepth(nested(depth), 1_000_000)).toBe(depth);
    expect(jsonDepth(nested(depth), 64)).toBe(Math.min(depth, 65));
  });

  it('counts own keys such as __proto__', () => {
    expect(jsonDepth(JSON.parse('{"__proto__": {"constructor": [[]]}}'), 100)).toBe(4);
  });
});

describe('size', () => {
  it('utf8Length is the length in UTF-8, half a pair counting half of its four bytes', () => {
    fc.assert(fc.property(anyText(50), (text) => utf8Length(text) === bytesOf(text)));
  });

  it('jsonSize is never less than what the texts and brackets of the JSON take', () => {
    fc.assert(
      fc.property(jsonValue({ maxDepth: 10 }), (value) => {
        const size = jsonSize(value, 10_000_000);
        expect(size).toBeGreaterThanOrEqual(withoutEscapes(value));
      }),
    );
  });

  it('jsonSize stops counting once the limit is passed', () => {
    const wide = Array.from({ length: 1_000_000 }, () => 1);
    const size = jsonSize(wide, 100);
    expect(size).toBeGreaterThan(100);
    expect(size).toBeLessThan(200);
  });

  it('jsonSize does not touch the stack', () => {
    expect(jsonSize(nested(200_000), 10_000_000)).toBe(400_000);
  });
});

describe('setOwn', () => {
  it.each(['__proto__', 'constructor', 'x'])('sets %s as an own property that JSON writes', (key) => {
    const target: Record<string, unknown> = {};
    setOwn(target, key, { y: 1 });
    setOwn(target, key, { y: 2 });
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
    expect(JSON.stringify(target)).toBe(`{"${key}":{"y":2}}`);
  });
});

it('isJsonObject is true for what JSON writes as {…}', () => {
  expect([{}, Object.create(null), { a: 1 }].every(isJsonObject)).toBe(true);
  expect([null, undefined, [], 'x', 1, true].some(isJsonObject)).toBe(false);
});

describe('toPlainJson', () => {
  const plain = (value: unknown) => toPlainJson(value, LIMITS);

  it('gives what JSON.parse(JSON.stringify()) gives, for JSON and for what is not', () => {
    const odd = fc.anything({
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(fc.oneof(jsonValue(), odd), (value) => {
        const written = attempt(() => JSON.stringify(value) as string | undefined);
        const copied = attempt(() => plain(value));
        if (written.threw || copied.threw) return;
        expect(copied.value).toEqual(written.value === undefined ? undefined : JSON.parse(written.value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('survives JSON.stringify unchanged', () => {
    fc.assert(
      fc.property(jsonValue(), (value) => {
        expect(JSON.stringify(plain(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [() => 1, undefined],
    [Symbol('x'), undefined],
    [Number.NaN, null],
    [Number.NEGATIVE_INFINITY, null],
    [
      [undefined, () => 1, Number.NaN],
      [null, null, null],
    ],
    [{ a: undefined, b: () => 1, c: Number.NaN }, { c: null }],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Map([[1, 2]]), {}],
    [{ toJSON: () => ({ inner: [1] }) }, { inner: [1] }],
    [{ toJSON: () => undefined }, undefined],
    [[{ toJSON: () => undefined }], [null]],
    [Object.create({ inherited: 1 }), {}],
  ])('%o becomes %j', (value, copy) => {
    expect(plain(value)).toEqual(copy);
  });

  it('has no sign on zero, which JSON drops', () => {
    expect(Object.is(plain(-0), 0)).toBe(true);
    expect(Object.is((plain([-0]) as number[])[0], 0)).toBe(true);
  });

  it('fills the holes of an array, and counts them', () => {
    const sparse = [1];
    sparse[2] = 3;
    expect(JSON.stringify(plain(sparse))).toBe('[1,null,3]');
    expect(Object.keys(plain(sparse) as object)).toEqual(['0', '1', '2']);
    expect(() => plain(new Array(4_000_000_000))).toThrow(expect.objectContaining({ code: 'resource_limit_exceeded' }));
  });

  it('is a copy: later changes of the given value do not reach it', () => {
    const value = { list: [{ x: 1 }] };
    const copy = plain(value);
    (value.list[0] as { x: number }).x = 2;
    value.list.push({ x: 3 });
    expect(copy).toEqual({ list: [{ x: 1 }] });
  });

  it('the same object twice is no cycle', () => {
    const shared = { x: 1 };
    expect(plain([shared, { shared }, shared])).toEqual([{ x: 1 }, { shared: { x: 1 } }, { x: 1 }]);
  });

  it('a cycle and a BigInt are internal errors', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { cycle };
    expect(() => plain(cycle)).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(() => plain({ x: [1n] })).toThrow(expect.objectContaining({ code: 'internal' }));
  });

  it('a toJSON that gives the object itself is a cycle, or never ends, but does not overflow', () => {
    const self = { toJSON: () => self };
    const ever = (): unknown => ({ toJSON: ever });
    expect(() => plain(self)).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(() => plain(ever())).toThrow(expect.objectContaining({ code: 'resource_limit_exceeded' }));
  });

  it.each([65, 10_000, 200_000])('%i levels are deeper than 64', (depth) => {
    expect(plain(nested(64))).toEqual(nested(64));
    expect(() => plain(nested(depth))).toThrow(
      expect.objectContaining({
        code: 'resource_limit_exceeded',
        message: 'the value is nested deeper than 64 levels',
      }),
    );
  });

  it('is bounded in bytes, keys included', () => {
    const limits = { maxBytes: 100, maxDepth: 64 };
    expect(toPlainJson('x'.repeat(98), limits)).toHaveLength(98);
    for (const value of [
      'x'.repeat(99),
      { ['k'.repeat(100)]: 1 },
      'é'.repeat(60),
      Array.from({ length: 60 }, () => []),
    ]) {
      expect(() => toPlainJson(value, limits)).toThrow(
        expect.objectContaining({ code: 'resource_limit_exceeded', message: 'the value is larger than 100 bytes' }),
      );
    }
  });
});

/** Size of a value as JSON, escapes not counted: numbers and words as one byte at least. */
function withoutEscapes(value: Json): number {
  if (typeof value === 'string') return bytesOf(value) + 2;
  if (typeof value !== 'object' || value === null) return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + withoutEscapes(item), 2);
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + withoutEscapes(key) + 1 + withoutEscapes(item as Json),
    2,
  );
}

/** Node writes half a surrogate pair as a replacement character of three bytes. */
function bytesOf(text: string): number {
  return Buffer.byteLength(text) - (text.match(/\p{Surrogate}/gu)?.length ?? 0);
}

function attempt<T>(work: () => T): { readonly threw: boolean; readonly value?: T } {
  try {
    return { threw: false, value: work() };
  } catch {
    return { threw: true };
  }
}
