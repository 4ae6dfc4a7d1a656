import { expect } from 'vitest';
import { accepted, type DoorCase, SUCCEEDED, shown } from '../door-case.js';

const skipped = (id: string, error: string) => shown(id, { status: 'skipped', error });

const ODD_TEXT = '日本語 🙂\u0000\u001b[31m"\\\n\u2028\ufeff';

const LARGE = 'ü'.repeat(100_000);
/** A task that fails, and starts no process. */
const FAILS = { type: 'file', input: { action: 'read', path: 'missing.txt' } } as const;

/** Graphs that are good, and what becomes of them. */
export const GRAPH_CASES: readonly DoorCase[] = [
  {
    name: 'one task',
    run: async ({ id, submit, wait, get }) => {
      await submit([{ id: id('a'), type: 'noop', input: { message: 'hello' } }]);
      await wait('a');
      await get('a');
    },
    expected: [
      accepted('a'),
      shown('a', { ...SUCCEEDED, type: 'os', result: { ok: true, message: 'hello' } }),
      shown('a', { ...SUCCEEDED, runtime: { status: 'success', attempt: 1 } }),
    ],
  },
  {
    name: 'a chain',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('c'), type: 'noop', depends_on: [id('b')] },
        { id: id('b'), type: 'noop', depends_on: [id('a')] },
        { id: id('a'), type: 'noop' },
      ]);
      await wait('c');
    },
    expected: [accepted('c', 'b', 'a'), shown('c', { ...SUCCEEDED, depends_on: ['b'] })],
  },
  {
    name: 'a diamond',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('top'), type: 'noop' },
        { id: id('left'), type: 'noop', depends_on: [id('top')] },
        { id: id('right'), type: 'noop', depends_on: [id('top')] },
        { id: id('bottom'), type: 'noop', depends_on: [id('left'), id('right')] },
      ]);
      await wait('bottom');
    },
    expected: [
      accepted('top', 'left', 'right', 'bottom'),
      shown('bottom', { ...SUCCEEDED, depends_on: ['left', 'right'] }),
    ],
  },
  {
    name: 'references to a whole result, and to a part of one',
    run: async ({ id, submit, wait }) => {
      const $from = id('a');
      const depends_on = [$from];
      await submit([
        { id: id('a'), type: 'noop', input: { message: 'ünï' } },
        { id: id('part'), type: 'noop', depends_on, input: { message: { $from, pointer: '/message' } } },
        {
          id: id('whole'),
          type: 'os',
          tool_name: 'noop',
          depends_on,
          input: { message: 'x', ignored: { $from } },
        },
      ]);
      await wait('part');
      await wait('whole');
    },
    expected: [
      accepted('a', 'part', 'whole'),
      shown('part', {
        ...SUCCEEDED,
        result: { message: 'ünï' },
        input: { message: { $from: 'a', pointer: '/message' } },
      }),
      shown('whole', { ...SUCCEEDED, input: { ignored: { $from: 'a' } } }),
    ],
  },
  {
    name: 'a pointer that finds nothing fails the task with invalid_input',
    run: async ({ id, submit, wait }) => {
      const $from = id('a');
      await submit([
        { id: $from, type: 'noop' },
        { id: id('b'), type: 'noop', depends_on: [$from], input: { message: { $from, pointer: '/no/such' } } },
      ]);
      await wait('b');
    },
    expected: [accepted('a', 'b'), shown('b', { status: 'failed', runtime: { error: { code: 'invalid_input' } } })],
  },
  {
    name: 'a failed task is tried again as often as it says',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'sleep', retry: 1, timeout: 20, input: { duration_ms: 60_000 } }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', { status: 'failed', retry: 1, runtime: { attempt: 2 } })],
  },
  {
    name: 'a negative retry and a negative timeout mean none',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'noop', retry: -3, timeout: -1 }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', SUCCEEDED)],
  },
  ...[-100, 7, 100].map(
    (priority): DoorCase => ({
      name: `priority ${priority}`,
      run: async ({ id, submit, wait }) => {
        await submit([{ id: id('a'), type: 'noop', priority }]);
        await wait('a');
      },
      expected: [accepted('a'), shown('a', { ...SUCCEEDED, priority })],
    }),
  ),
  {
    name: 'annotations, one named __proto__ among them, are carried',
    run: async ({ id, submit, wait }) => {
      const annotations = JSON.parse('{"agent_id":"planner","__proto__":"odd","":"empty","ü":"ö","none":""}');
      await submit([{ id: id('a'), type: 'noop', annotations }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', { annotations: JSON.parse('{"agent_id":"planner","":"empty","none":""}') })],
  },
  {
    name: 'on_interrupt and execution_category are carried',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('a'), type: 'os', tool_name: 'noop', on_interrupt: 'fail', execution_category: 'mine' },
        { id: id('b'), type: 'os', tool_name: 'noop', on_interrupt: 'retry' },
      ]);
      await wait('a');
      await wait('b');
    },
    expected: [
      accepted('a', 'b'),
      shown('a', { ...SUCCEEDED, on_interrupt: 'fail', execution_category: 'mine' }),
      shown('b', SUCCEEDED),
    ],
  },
  {
    name: 'a failure skips everything downstream, at any depth',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('a'), ...FAILS },
        { id: id('b'), type: 'noop', depends_on: [id('a')] },
        { id: id('c'), type: 'noop', depends_on: [id('b')] },
        { id: id('beside'), type: 'noop' },
      ]);
      for (const name of ['a', 'b', 'c', 'beside']) await wait(name);
    },
    expected: [
      accepted('a', 'b', 'c', 'beside'),
      shown('a', { status: 'failed' }),
      skipped('b', 'dependency a failed'),
      skipped('c', 'dependency b skipped'),
      shown('beside', SUCCEEDED),
    ],
  },
  {
    name: 'a command that fails keeps its result',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'shell', input: { command: 'ls', args: ['missing'] } }]);
      await wait('a');
    },
    expected: [
      accepted('a'),
      shown('a', {
        status: 'failed',
        run_status: 'failed',
        error: 'command failed: exit status 2',
        result: { stdout: '', exit_code: 2, runner: 'direct' },
        runtime: { error: { code: 'exit_nonzero', message: 'command failed: exit status 2' } },
      }),
    ],
  },
  {
    name: 'an attempt that takes longer than its timeout',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'sleep', timeout: 30, input: { duration_ms: 60_000 } }]);
      await wait('a');
    },
    expected: [
      accepted('a'),
      shown('a', { status: 'failed', timeout: 30, runtime: { error: { code: 'timeout', retryable: true } } }),
    ],
  },
  {
    name: 'a large result',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'noop', input: { message: LARGE } }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', { result: { message: LARGE } })],
  },
  {
    name: 'any character in a value',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'noop', input: { message: ODD_TEXT, 'ключ "\\': [ODD_TEXT] } }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', { result: { message: ODD_TEXT } })],
  },
  {
    name: 'any JSON in a value',
    run: async ({ id, submit, wait }) => {
      const values = JSON.parse('[null,true,false,0,-0.5,1e300,"",[],{},[[]],{"__proto__":{"a":1}},9007199254740991]');
      await submit([{ id: id('a'), type: 'noop', input: { message: 'x', values } }]);
      await wait('a');
    },
    expected: [
      accepted('a'),
      shown('a', { input: { values: expect.arrayContaining([null, true, false, 0, -0.5, 1e300, '', [], {}]) } }),
    ],
  },
  ...odd('__proto__', 'constructor', 'a/b', '../../etc', '%2F%zz', '-rf', '--help', ' a ', 'a,b', 'a?b=c#d', '"', '🙂'),
  ...odd('日本語', '\u202Eabc', '0', 'null', '🙂'.repeat(256)),
  {
    name: 'os takes params where both params and input are given',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('a'), type: 'os', tool_name: 'noop', params: { message: 'params' }, input: { message: 'input' } },
      ]);
      await wait('a');
    },
    expected: [
      accepted('a'),
      shown('a', { params: { message: 'params' }, input: { message: 'input' }, result: { message: 'params' } }),
    ],
  },
  ...legacy('noop', { message: 'hi' }, { ok: true, message: 'hi' }),
  ...legacy('sleep', { duration_ms: 1 }, { slept_ms: 1 }),
  ...legacy('shell', { command: 'echo', args: ['hi'] }, { stdout: 'hi\n', exit_code: 0 }),
  ...legacy('file', { action: 'write', path: 'doors.txt', content: 'hi' }, { bytes_written: 2 }),
  ...legacy('dns', { name: 'localhost' }, { name: 'localhost', record: 'ip' }),
  {
    name: 'what the server owns is ignored on submission, so that a fetched task can be sent again',
    run: async ({ id, submit, wait }) => {
      const owned = { status: 'success', run_status: 'success', result: { of: 'another life' }, error: 'none' };
      const since = { graph_id: 'g1-00000000', created_at: '2020-01-01T00:00:00Z', updated_at: '2020-01-01T00:00:00Z' };
      await submit([{ id: id('a'), type: 'noop', ...owned, ...since }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', { ...SUCCEEDED, result: { ok: true, message: '' } })],
  },
  {
    name: 'null means absent',
    run: async ({ id, submit, wait }) => {
      const none = { tool_name: null, params: null, depends_on: null, retry: null, timeout: null, annotations: null };
      await submit([{ id: id('a'), type: 'noop', ...none, priority: null, on_interrupt: null }]);
      await wait('a');
    },
    expected: [accepted('a'), shown('a', SUCCEEDED)],
  },
  {
    name: 'repeated dependencies are harmless',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('a'), type: 'noop' },
        { id: id('b'), type: 'noop', depends_on: [id('a'), id('a')] },
      ]);
      await wait('b');
    },
    expected: [accepted('a', 'b'), shown('b', { ...SUCCEEDED, depends_on: ['a'] })],
  },
  {
    name: 'an unknown field of a task is ignored, and named in the warnings',
    run: async ({ id, submit }) => void (await submit([{ id: id('a'), type: 'noop', description: 'of an agent' }])),
    expected: [{ ok: true, receipt: { accepted: 1, warnings: ['tasks[0]: unknown field "description" is ignored'] } }],
  },
  {
    name: 'a known task that was successful counts as done',
    run: async ({ id, submit, wait }) => {
      await submit([{ id: id('a'), type: 'noop', input: { message: 'first' } }]);
      await wait('a');
      const message = { $from: id('a'), pointer: '/message' };
      await submit([{ id: id('b'), type: 'noop', depends_on: [id('a')], input: { message } }]);
      await wait('b');
    },
    expected: [
      accepted('a'),
      shown('a', SUCCEEDED),
      accepted('b'),
      shown('b', { ...SUCCEEDED, result: { message: 'first' } }),
    ],
  },
  {
    name: 'a known task that failed or was skipped: what depends on it is skipped at once',
    run: async ({ id, submit, wait }) => {
      await submit([
        { id: id('a'), ...FAILS },
        { id: id('b'), type: 'noop', depends_on: [id('a')] },
      ]);
      await wait('b');
      await submit([
        { id: id('c'), type: 'noop', depends_on: [id('a')] },
        { id: id('d'), type: 'noop', depends_on: [id('b')] },
      ]);
      await wait('c');
      await wait('d');
    },
    expected: [
      accepted('a', 'b'),
      skipped('b', 'dependency a failed'),
      accepted('c', 'd'),
      skipped('c', 'dependency a failed'),
      skipped('d', 'dependency b skipped'),
    ],
  },
  {
    name: 'a known task that is not finished is waited for',
    run: async ({ id, submit, wait, get, cancel, started }) => {
      await submit([{ id: id('a'), type: 'sleep', input: { duration_ms: 60_000 } }]);
      await started('a');
      await submit([{ id: id('b'), type: 'noop', depends_on: [id('a')] }]);
      await get('b');
      await cancel('a');
      await wait('b');
    },
    expected: [
      accepted('a'),
      accepted('b'),
      shown('b', { status: 'pending' }),
      shown('a', { status: 'failed', run_status: 'cancelled' }),
      skipped('b', 'dependency a failed'),
    ],
  },
];

function odd(...ids: readonly string[]): readonly DoorCase[] {
  return ids.map((id) => ({
    name: `the id ${JSON.stringify(id.length > 40 ? `${id.slice(0, 8)}… (${[...id].length} characters)` : id)} is an ordinary one`,
    exactIds: true,
    run: async ({ submit, wait, get, cancel }) => {
      await submit([{ id, type: 'noop' }]);
      await wait(id);
      await get(id);
      await cancel(id);
    },
    expected: [
      accepted(id),
      shown(id, SUCCEEDED),
      shown(id, SUCCEEDED),
      { error: { code: 'conflict', message: expect.stringContaining(id) } },
    ],
  }));
}

function legacy(type: string, params: Record<string, unknown>, result: object): readonly DoorCase[] {
  return [
    {
      name: `the legacy type ${type} becomes os.${type}, and input takes the value of params`,
      run: async ({ id, submit, wait }) => {
        await submit([{ id: id('a'), type, params: params as never }]);
        await wait('a');
      },
      expected: [
        accepted('a'),
        {
          ok: true,
          tasks: [
            {
              id: 'a',
              ...SUCCEEDED,
              type: 'os',
              execution_category: 'os',
              tool_name: type,
              params,
              input: params,
              result,
            },
          ],
        },
      ],
    },
  ];
}
