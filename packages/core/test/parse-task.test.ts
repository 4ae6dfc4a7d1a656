import { anyText, jsonValue } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_FIELDS,
  ExecGoError,
  fromWire,
  MAX_RETRY,
  parseTask,
  SERVER_FIELDS,
  setOwn,
  specToWire,
  type TaskSpec,
  toWire,
} from '../src/index.js';
import { quickSpec, slowSpec } from '../src/parse-task.js';

const FULL = {
  id: 'a',
  type: 'mcp',
  tool_name: 'server.tool',
  params: { p: 1 },
  input: { i: 2 },
  execution_category: 'mcp',
  depends_on: ['x', 'y'],
  retry: 3,
  timeout: 1_500,
  annotations: { key: 'value' },
  priority: -7,
  on_interrupt: 'fail',
};

function parse(raw: unknown): TaskSpec {
  return parseTask(raw, 3, []);
}

/** Field by field what `parse` throws. */
function messageOf(raw: unknown): string {
  try {
    parse(raw);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_input' });
    return (error as ExecGoError).message;
  }
  return 'no error';
}

describe('a task on submit', () => {
  it('takes every field of a client', () => {
    expect({ ...parse(FULL) }).toEqual(FULL);
    expect(Object.keys(FULL).sort()).toEqual([...CLIENT_FIELDS].sort());
  });

  it('has defaults for all but id and type', () => {
    expect({ ...parse({ id: 'a', type: 'os' }) }).toEqual({
      id: 'a',
      type: 'os',
      tool_name: undefined,
      params: undefined,
      input: undefined,
      execution_category: undefined,
      depends_on: [],
      retry: 0,
      timeout: 0,
      annotations: undefined,
      priority: 0,
      on_interrupt: 'retry',
    });
  });

  it('null means absent', () => {
    const nulls = Object.fromEntries(Object.keys(FULL).map((key) => [key, null]));
    expect(parse({ ...nulls, id: 'a', type: 'os' })).toEqual(parse({ id: 'a', type: 'os' }));
    expect(parse(nulls)).toEqual(parse({ id: '', type: '' }));
    expect(parse({ id: 'a', type: 'os', annotations: { key: null } }).annotations).toBeUndefined();
    expect(parse({ id: 'a', type: 'os', annotations: { key: null, other: 'x' } }).annotations).toEqual({ other: 'x' });
  });

  it('empty texts and collections mean absent', () => {
    const empty = { tool_name: '', execution_category: '', depends_on: [], annotations: {} };
    expect(parse({ id: 'a', type: 'os', ...empty })).toEqual(parse({ id: 'a', type: 'os' }));
  });

  it('input that is empty but there is kept', () => {
    for (const input of [{}, [], '', 0, false]) expect(parse({ id: 'a', type: 'mcp', input }).input).toEqual(input);
  });

  it('repeats in depends_on are harmless', () => {
    expect(parse({ id: 'a', type: 'os', depends_on: ['x', 'y', 'x', 'x'] }).depends_on).toEqual(['x', 'y']);
    const many = Array.from({ length: 100 }, (_, at) => `t${at % 40}`);
    expect(parse({ id: 'a', type: 'os', depends_on: many }).depends_on).toEqual(many.slice(0, 40));
  });

  it('a negative retry or timeout means none', () => {
    expect(parse({ id: 'a', type: 'os', retry: -5, timeout: -1 })).toMatchObject({ retry: 0, timeout: 0 });
  });

  it('a missing id or type is left for the graph to report', () => {
    expect(parse({})).toMatchObject({ id: '', type: '' });
  });

  it('zero has no sign', () => {
    const task = parse({ id: 'a', type: 'os', priority: -0, retry: -0, timeout: -0 });
    for (const value of [task.priority, task.retry, task.timeout]) expect(Object.is(value, 0)).toBe(true);
  });
});

describe('a wrong type is 400 beginning `invalid JSON: ` and naming the path', () => {
  const wrong: readonly [string, unknown, string][] = [
    ['id', 5, 'tasks[3].id: expected a string, got 5'],
    ['id', ['a'], 'tasks[3].id: expected a string, got an array'],
    ['type', {}, 'tasks[3].type: expected a string, got an object'],
    ['tool_name', true, 'tasks[3].tool_name: expected a string, got true'],
    ['execution_category', 1, 'tasks[3].execution_category: expected a string, got 1'],
    ['depends_on', 'x', 'tasks[3].depends_on: expected an array of task ids, got "x"'],
    ['depends_on', { 0: 'x' }, 'tasks[3].depends_on: expected an array of task ids, got an object'],
    ['depends_on', ['x', 7], 'tasks[3].depends_on[1]: expected a string, got 7'],
    ['depends_on', ['x', null], 'tasks[3].depends_on[1]: expected a string, got null'],
    ['retry', '3', 'tasks[3].retry: expected an integer, got "3"'],
    ['retry', 1.5, 'tasks[3].retry: expected an integer, got 1.5'],
    ['retry', 1e300, 'tasks[3].retry: expected an integer, got 1e+300'],
    ['retry', MAX_RETRY + 1, 'tasks[3].retry: must be at most 1000, got 1001'],
    ['timeout', true, 'tasks[3].timeout: expected an integer, got true'],
    ['timeout', 2 ** 53, 'tasks[3].timeout: expected an integer, got 9007199254740992'],
    ['annotations', ['x'], 'tasks[3].annotations: expected an object with string values, got an array'],
    ['annotations', 'x', 'tasks[3].annotations: expected an object with string values, got "x"'],
    ['annotations', { k: 1 }, 'tasks[3].annotations: expected an object with string values, got an object'],
    ['priority', 101, 'tasks[3].priority: must be between -100 and 100, got 101'],
    ['priority', -101, 'tasks[3].priority: must be between -100 and 100, got -101'],
    ['priority', 'high', 'tasks[3].priority: expected an integer, got "high"'],
    ['on_interrupt', 'skip', 'tasks[3].on_interrupt: expected "retry" or "fail", got "skip"'],
    ['on_interrupt', 1, 'tasks[3].on_interrupt: expected "retry" or "fail", got 1'],
  ];

  it.each(wrong)('%s: %j', (field, value, message) => {
    expect(messageOf({ id: 'a', type: 'os', [field]: value })).toBe(`invalid JSON: ${message}`);
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    ['text', '"text"'],
    [7, '7'],
  ])('a task that is %j', (raw, shown) => {
    expect(messageOf(raw)).toBe(`invalid JSON: tasks[3]: expected an object, got ${shown}`);
  });

  it('the path is in details.field, and a long value is cut', () => {
    const problem = new ExecGoError('invalid_input', 'placeholder');
    try {
      parse({ id: 'a', type: 'os', retry: 'x'.repeat(1_000_000) });
    } catch (error) {
      expect((error as ExecGoError).details).toEqual({ field: 'tasks[3].retry' });
      expect((error as ExecGoError).message.length).toBeLessThan(200);
      return;
    }
    throw problem;
  });

  it.each([64, 65, 10_000, 200_000])('input nested %i levels deep', (depth) => {
    const nested = JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
    for (const field of ['params', 'input']) {
      const message = `invalid JSON: tasks[3].${field}: must not be nested deeper than 64 levels, got an array`;
      expect(messageOf({ id: 'a', type: 'os', [field]: nested })).toBe(depth <= 64 ? 'no error' : message);
    }
  });
});

describe('unknown fields', () => {
  const near: readonly [string, string][] = [
    ['dependson', 'depends_on'],
    ['depend_on', 'depends_on'],
    ['time_out', 'timeout'],
    ['timeOut', 'timeout'],
    ['retrys', 'retry'],
    ['Retry', 'retry'],
    ['ID', 'id'],
    ['_id', 'id'],
    ['types', 'type'],
    ['toolname', 'tool_name'],
    ['param', 'params'],
    ['inputs', 'input'],
    ['anotations', 'annotations'],
    ['prioritiy', 'priority'],
    ['on_interupt', 'on_interrupt'],
  ];

  it.each(near)('within two edits of a known one is rejected by name: %s', (name, meant) => {
    const message = `invalid JSON: tasks[3].${name}: unknown field "${name}"; did you mean "${meant}"?`;
    expect(messageOf({ id: 'a', type: 'os', [name]: 1 })).toBe(message);
  });

  it.each([
    'comment',
    'description',
    'dependencies',
    '__proto__',
    'constructor',
    'toString',
    'maxRetries',
    '😀😀😀😀😀',
  ])('any other is ignored and named in warnings: %s', (name) => {
    const raw: Record<string, unknown> = { id: 'a', type: 'os' };
    setOwn(raw, name, { evil: true });
    const warnings: string[] = [];
    expect(parseTask(raw, 3, warnings)).toEqual(parse({ id: 'a', type: 'os' }));
    expect(warnings).toEqual([`tasks[3]: unknown field ${JSON.stringify(name)} is ignored`]);
  });

  it('no more than a hundred of them are named', () => {
    const warnings: string[] = [];
    const extra = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`further-field-${at}`, at]));
    parseTask({ id: 'a', type: 'os', ...extra }, 0, warnings);
    expect(warnings).toHaveLength(100);
  });

  it('unknown keys inside tool input are kept and not named', () => {
    const warnings: string[] = [];
    const input = { description: 'why', dependson: ['x'], retrie: 1 };
    expect(parseTask({ id: 'a', type: 'mcp', input }, 0, warnings).input).toEqual(input);
    expect(warnings).toEqual([]);
  });
});

describe('fields the server owns are ignored on submit without being validated', () => {
  it.each(SERVER_FIELDS)('%s', (name) => {
    for (const value of [null, 7, 'text', ['x'], { deep: { er: 1 } }]) {
      const warnings: string[] = [];
      expect(parseTask({ id: 'a', type: 'os', [name]: value }, 0, warnings)).toEqual(parse({ id: 'a', type: 'os' }));
      expect(warnings).toEqual([]);
    }
  });

  it('so that a fetched task can be sent again', () => {
    const fetched = toWire(
      fromWire(
        {
          ...FULL,
          status: 'failed',
          result: { x: 1 },
          error: 'no',
          graph_id: 'g',
          runtime: { status: 'failed', attempt: 2 },
        },
        { submitted_seq: 1, last_seq: 2 },
      ),
    );
    const warnings: string[] = [];
    expect(parseTask(fetched, 0, warnings)).toEqual(parse(FULL));
    expect(warnings).toEqual([]);
  });
});

describe('legacy types', () => {
  it.each(['shell', 'file', 'dns', 'tcp', 'sleep', 'noop', 'http'])('%s becomes a tool of os', (type) => {
    const params = { message: 'hi' };
    expect(parse({ id: 'a', type, params })).toMatchObject({
      type: 'os',
      execution_category: 'os',
      tool_name: type,
      params,
      input: params,
    });
  });

  it('input takes the value of params only where it is absent', () => {
    expect(parse({ id: 'a', type: 'shell', params: { p: 1 }, input: { i: 1 } }).input).toEqual({ i: 1 });
    expect(parse({ id: 'a', type: 'shell', input: { i: 1 } })).toMatchObject({ params: undefined, input: { i: 1 } });
    expect(parse({ id: 'a', type: 'shell', params: { p: 1 }, input: null }).input).toEqual({ p: 1 });
  });

  it('what the client set as tool or category gives way', () => {
    const task = parse({ id: 'a', type: 'shell', tool_name: 'file', execution_category: 'mcp' });
    expect(task).toMatchObject({ tool_name: 'shell', execution_category: 'os' });
  });

  it.each(['os', 'mcp', 'runtime', 'cli-skills', 'Shell', 'shell ', 'constructor'])('%s is left as it is', (type) => {
    expect(parse({ id: 'a', type, params: 1, tool_name: 't' })).toMatchObject({
      type,
      tool_name: 't',
      input: undefined,
    });
  });

  it('a translated task translates to itself', () => {
    for (const type of ['shell', 'noop']) {
      const once = parse({ id: 'a', type, params: { command: 'ls' }, retry: 2 });
      expect(parse(specToWire(once))).toEqual(once);
    }
  });
});

describe('the quick check and the schema', () => {
  const wild = jsonValue({ maxDepth: 3 });
  const nearly = <T>(right: fc.Arbitrary<T>) =>
    fc.oneof(
      { weight: 40, arbitrary: right as fc.Arbitrary<unknown> },
      { weight: 1, arbitrary: wild as fc.Arbitrary<unknown> },
    );
  const bounds = fc.constantFrom(-1, -0, 0, 1, 100, 101, -100, -101, 1000, 1001, 2 ** 53, 1.5, 1e300);
  const integer = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -120, max: 120 }) },
    { weight: 1, arbitrary: bounds },
  );
  const deep = fc
    .integer({ min: 62, max: 67 })
    .map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown);
  const input = fc.oneof({ weight: 9, arbitrary: wild as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: deep });
  const common = fc.record(
    {
      id: nearly(anyText()),
      type: nearly(fc.constantFrom('os', 'shell', 'mcp', 'noop', '')),
      tool_name: nearly(anyText()),
      params: input,
      input,
      execution_category: nearly(anyText()),
      depends_on: nearly(fc.array(fc.constantFrom('a', 'b', 'c', '__proto__'), { maxLength: 30 })),
      retry: nearly(integer),
      timeout: nearly(integer),
      priority: nearly(integer),
      status: wild,
      further: wild,
    },
    { requiredKeys: ['id', 'type'] },
  );
  const rare = fc.record(
    {
      annotations: nearly(fc.dictionary(anyText(), anyText())),
      on_interrupt: nearly(fc.constantFrom('retry', 'fail')),
    },
    { requiredKeys: [] },
  );
  const nearTask = fc
    .tuple(common, fc.option(rare, { freq: 1 }), fc.option(fc.constantFrom('id', 'type'), { freq: 1 }))
    .map(([task, more, missing]) => {
      const whole: Record<string, unknown> = { ...task, ...more };
      if (missing !== null) delete whole[missing];
      return whole;
    });

  it('agree wherever the quick one says yes, over 5,000 tasks that are nearly right', () => {
    let yes = 0;
    fc.assert(
      fc.property(nearTask, (raw) => {
        const quick = quickSpec(raw);
        if (quick === undefined) return;
        yes += 1;
        expect(quick).toEqual(slowSpec(raw, 'tasks[0]'));
      }),
      { numRuns: 5_000 },
    );
    expect(yes).toBeGreaterThan(200);
  });

  it('agree on tasks with keys such as __proto__ anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('__proto__', 'constructor', 'id', 'type', 'params'), wild)),
        (entries) => {
          const raw: Record<string, unknown> = { id: 'a', type: 'os' };
          for (const [key, value] of entries) setOwn(raw, key, value);
          const quick = quickSpec(raw);
          if (quick !== undefined) expect(quick).toEqual(slowSpec(raw, 'tasks[0]'));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('the quick one says yes to the common case', () => {
    expect(quickSpec({ id: 'a', type: 'shell', params: { command: 'ls' }, depends_on: ['b'], retry: 2 })).toBeDefined();
    expect(quickSpec(FULL)).toBeUndefined();
  });

  it('whatever comes in, the answer is a spec or invalid_input', () => {
    fc.assert(
      fc.property(fc.oneof(nearTask, wild), (raw) => {
        try {
          parse(raw);
        } catch (error) {
          expect(error).toMatchObject({
            code: 'invalid_input',
            message: expect.stringMatching(/^invalid JSON: tasks\[3\]/),
          });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
