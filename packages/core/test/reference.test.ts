import { jsonValue, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  atPointer,
  checkReferences,
  findReferences,
  isReference,
  type Json,
  parseTask,
  resolveReferences,
  specToWire,
} from '../src/index.js';

/** The example of RFC 6901, section 5, and one of our own. */
const DOCUMENT: Json = {
  foo: ['bar', 'baz'],
  '': 0,
  'a/b': 1,
  'c%d': 2,
  'e^f': 3,
  'g|h': 4,
  'i\\j': 5,
  'k"l': 6,
  ' ': 7,
  'm~n': 8,
};
const OURS = JSON.parse(
  '{"__proto__": {"x": 1}, "list": [[1], {"a": null}], "0": "zero", "~1": 9, "length": {"": 2}}',
) as Json;

describe('atPointer', () => {
  it.each([
    ['', DOCUMENT],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('the vectors of RFC 6901: %j', (pointer, value) => {
    expect(atPointer(DOCUMENT, pointer)).toEqual(value);
  });

  it.each([
    ['/__proto__/x', 1],
    ['/list/0/0', 1],
    ['/list/1/a', null],
    ['/0', 'zero'],
    ['/~01', 9],
    ['/length/', 2],
  ])('%j is found', (pointer, value) => {
    expect(atPointer(OURS, pointer)).toEqual(value);
  });

  it.each([
    '/absent',
    '/foo/2',
    '/foo/-1',
    '/foo/-',
    '/foo/00',
    '/foo/01',
    '/foo/1e0',
    '/foo/length',
    '/foo/0/0',
    '/constructor',
    '/toString',
    '/hasOwnProperty',
    '/foo/',
    '//',
    'foo',
    '#/foo',
    '/foo/9007199254740993',
  ])('%j finds nothing', (pointer) => {
    expect(atPointer(DOCUMENT, pointer)).toBeUndefined();
  });

  it('finds every place of every value by its own path', () => {
    fc.assert(
      fc.property(jsonValue({ maxDepth: 6 }), (value) => {
        for (const [pointer, item] of placesOf(value)) expect(atPointer(value, pointer)).toBe(item);
      }),
    );
  });
});

describe('a reference is an object of exactly the form', () => {
  it.each([{ $from: 'a' }, { $from: 'a', pointer: '/x' }, { pointer: '', $from: '' }])('%j', (value) => {
    expect(isReference(value)).toBe(true);
  });

  it.each([
    [{ $from: 5 }],
    [{ $from: 'a', pointer: 5 }],
    [{ $from: 'a', pointer: null }],
    [{ $from: 'a', other: 1 }],
    [{ $from: 'a', pointer: '/x', other: 1 }],
    [{ pointer: '/x' }],
    [{}],
    [['$from', 'a']],
    ['$from'],
    [null],
    [undefined],
  ])('and %j is ordinary data', (value) => {
    expect(isReference(value)).toBe(false);
    expect(findReferences(value)).toEqual([]);
  });
});

describe('checked at submit', () => {
  it('the named task must be in depends_on', () => {
    const ok = spec({ id: 'b', depends_on: ['a'], input: { deep: [{ $from: 'a' }] }, params: { $from: 'a' } });
    expect(() => checkReferences(ok)).not.toThrow();
    const wrong = spec({ id: 'b', depends_on: ['a'], input: { deep: [{ x: { $from: 'c' } }] } });
    expect(() => checkReferences(wrong)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: 'task "b": input refers to task "c", which is not in depends_on',
      }),
    );
    const params = spec({ id: 'b', params: { $from: 'b' } });
    expect(() => checkReferences(params)).toThrow('task "b": params refers to task "b", which is not in depends_on');
  });

  it.each(['x', '#/x', ' /x'])('a pointer is empty or begins with a slash: %j', (pointer) => {
    const task = spec({ id: 'b', depends_on: ['a'], input: [{ $from: 'a', pointer }] });
    expect(() => checkReferences(task)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: `task "b": input: pointer "${pointer}" must be empty or begin with "/"`,
      }),
    );
  });

  it('many references to many dependencies take no longer than the list of both', () => {
    const ids = Array.from({ length: 50_000 }, (_, at) => `task-number-${at}`);
    const input = ids.map((id) => ({ $from: id })).reverse();
    const begun = performance.now();
    expect(() => checkReferences(spec({ depends_on: ids, input }))).not.toThrow();
    expect(() => checkReferences(spec({ depends_on: ids, input: [...input, { $from: 'x' }] }))).toThrow('"x"');
    // One by one it would be a minute and more.
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('references are found at any depth without touching the stack', () => {
    let nested: unknown = { $from: 'a' };
    for (let depth = 0; depth < 200_000; depth += 1) nested = [nested];
    expect(findReferences(nested)).toEqual([{ $from: 'a' }]);
  });
});

describe('just before the task starts, a reference is replaced by the value', () => {
  const results: Readonly<Record<string, Json>> = { a: DOCUMENT, text: 'hello', empty: {}, list: [1, [2]] };
  const resultOf = (id: string) => (Object.hasOwn(results, id) ? results[id] : undefined);
  const resolve = (value: Json) => resolveReferences(value, resultOf);

  it.each<[Json, Json]>([
    [{ $from: 'text' }, 'hello'],
    [{ $from: 'text', pointer: '' }, 'hello'],
    [{ $from: 'a', pointer: '/foo/1' }, 'baz'],
    [
      { x: { $from: 'list' }, y: [{ $from: 'a', pointer: '/m~0n' }, 2] },
      { x: [1, [2]], y: [8, 2] },
    ],
    [
      { $from: 'a', pointer: '/', extra: true },
      { $from: 'a', pointer: '/', extra: true },
    ],
    ['$from', '$from'],
    [null, null],
    [7, 7],
  ])('%j becomes %j', (value, resolved) => {
    expect(resolve(value)).toEqual(resolved);
  });

  it('the value that is given is left as it is, and a text is never looked into', () => {
    const value: Json = { x: { $from: 'text' }, template: '{{text}} $text' };
    const before = JSON.stringify(value);
    expect(resolve(value)).toEqual({ x: 'hello', template: '{{text}} $text' });
    expect(JSON.stringify(value)).toBe(before);
  });

  it('what a reference brings is data: a reference inside a result stays', () => {
    const sly: Json = { $from: 'secret' };
    expect(resolveReferences({ x: { $from: 'a' } }, (id) => (id === 'a' ? sly : 'leaked'))).toEqual({ x: sly });
  });

  it('keys such as __proto__ stay own keys', () => {
    const value = JSON.parse('{"__proto__": {"x": {"$from": "text"}}, "constructor": 1}') as Json;
    const resolved = resolve(value) as object;
    expect(JSON.stringify(resolved)).toBe('{"__proto__":{"x":"hello"},"constructor":1}');
    expect(Object.getPrototypeOf(resolved)).toBe(Object.prototype);
  });

  it('a value without references comes out equal', () => {
    const noReferences = jsonValue({ maxDepth: 20 }).filter((value) => findReferences(value).length === 0);
    fc.assert(
      fc.property(noReferences, (value) => {
        expect(resolve(value)).toEqual(value);
      }),
    );
  });

  it.each<[Json, string]>([
    [{ $from: 'a', pointer: '/absent' }, 'reference to task "a": its result has nothing at "/absent"'],
    [{ x: [{ $from: 'nobody' }] }, 'reference to task "nobody": its result has nothing'],
  ])('a pointer that finds nothing fails with invalid_input: %j', (value, message) => {
    expect(() => resolve(value)).toThrow(expect.objectContaining({ code: 'invalid_input', message }));
  });

  it('is bounded in bytes over all references together', () => {
    const limits = { maxBytes: 1_000, maxDepth: 64 };
    const big = 'x'.repeat(400);
    const times = (count: number): Json => Array.from({ length: count }, () => ({ $from: 'a' }));
    expect(resolveReferences(times(2), () => big, limits)).toEqual([big, big]);
    expect(() => resolveReferences(times(3), () => big, limits)).toThrow(
      expect.objectContaining({ code: 'resource_limit_exceeded' }),
    );
  });

  it('is bounded in depth, counted from the top of the input', () => {
    const limits = { maxBytes: 1_000, maxDepth: 5 };
    const deep = [[[1]]];
    expect(resolveReferences({ x: [{ $from: 'a' }] }, () => deep, limits)).toEqual({ x: [[[[1]]]] });
    expect(() => resolveReferences({ x: [[{ $from: 'a' }]] }, () => deep, limits)).toThrow('depth 5');
  });

  it('the stored spec keeps the reference', () => {
    const task = parseTask({ id: 'b', type: 'os', depends_on: ['a'], input: { $from: 'a' } }, 0, []);
    expect(specToWire(task).input).toEqual({ $from: 'a' });
  });
});

/** Every place in a value with its pointer. */
function placesOf(value: Json, pointer = ''): readonly (readonly [string, Json])[] {
  if (typeof value !== 'object' || value === null) return [[pointer, value]];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const inner = entries.flatMap(([key, item]) => {
    const token = String(key).replaceAll('~', '~0').replaceAll('/', '~1');
    return placesOf(item as Json, `${pointer}/${token}`);
  });
  return [[pointer, value], ...inner];
}
