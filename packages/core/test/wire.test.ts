import { EventSequence, failure, foldEvents, jsonValue, legalEvents, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eventToWire,
  fromWire,
  type JsonObject,
  parseTask,
  setOwn,
  specFromWire,
  specToWire,
  type Task,
  type TaskEvent,
  type TaskSpec,
  toStored,
  toWire,
} from '../src/index.js';

const START = '2026-01-01T00:00:00';

/** The last task that these events make. */
function taskAfter(...steps: readonly ((make: EventSequence) => TaskEvent)[]): Task {
  const make = new EventSequence();
  const tasks = [...foldEvents(steps.map((step) => step(make))).values()];
  return tasks.at(-1) as Task;
}

const submitted = (task: TaskSpec) => (make: EventSequence) => make.submitted(task);
const started = (make: EventSequence) => make.started('a');

describe('toWire', () => {
  it('id type status created_at updated_at are always there, and empty and zero optional fields are left out', () => {
    const task = taskAfter(submitted(spec({ id: 'a', tool_name: undefined, depends_on: [], retry: 0, priority: 0 })));
    expect(toWire(task)).toEqual({
      id: 'a',
      type: 'os',
      status: 'pending',
      created_at: `${START}.000Z`,
      updated_at: `${START}.000Z`,
      graph_id: 'g',
    });
  });

  it('carries every field of the contract, in snake_case, with times in UTC milliseconds', () => {
    const asked = spec({
      id: 'a',
      type: 'mcp',
      tool_name: 'server.tool',
      params: { p: 1 },
      input: [2],
      execution_category: 'mcp',
      depends_on: ['x'],
      retry: 2,
      timeout: 500,
      annotations: { k: 'v' },
      priority: -3,
      on_interrupt: 'fail',
    });
    const progress = [{ timestamp: 0, message: 'half', data: 50 }];
    const error = { code: 'timeout', message: 'too slow', retryable: true, source: 'mcp', details: { ms: 5 } } as const;
    const task = taskAfter(
      submitted(asked),
      started,
      (make) => make.accepted('a', 'h1'),
      (make) =>
        make.next({ type: 'task_failed', task_id: 'a', error, result: { out: 1 }, details: { exit: 2 }, progress }),
    );
    expect(toWire(task)).toEqual({
      id: 'a',
      type: 'mcp',
      tool_name: 'server.tool',
      params: { p: 1 },
      input: [2],
      execution_category: 'mcp',
      depends_on: ['x'],
      retry: 2,
      timeout: 500,
      annotations: { k: 'v' },
      priority: -3,
      on_interrupt: 'fail',
      status: 'failed',
      run_status: 'failed',
      handle_id: 'h1',
      progress: [{ timestamp: '1970-01-01T00:00:00.000Z', message: 'half', data: 50 }],
      result: { out: 1 },
      runtime: {
        status: 'failed',
        handle_id: 'h1',
        output: { out: 1 },
        started_at: `${START}.001Z`,
        finished_at: `${START}.003Z`,
        duration_ms: 2,
        attempt: 1,
        details: { exit: 2 },
        error,
      },
      error: 'too slow',
      created_at: `${START}.000Z`,
      updated_at: `${START}.003Z`,
      graph_id: 'g',
    });
  });

  it('a cancelled task: status failed, run_status cancelled, code cancelled', () => {
    const wire = toWire(
      taskAfter(submitted(spec()), started, (make) => make.cancelled('a', failure('cancelled', 'stop'))),
    );
    expect(wire).toMatchObject({
      status: 'failed',
      run_status: 'cancelled',
      runtime: { error: { code: 'cancelled' } },
    });
  });

  it('a skipped task has no runtime and no run_status', () => {
    const wire = toWire(taskAfter(submitted(spec()), (make) => make.skipped('a', 'parent')));
    expect(wire).toMatchObject({ status: 'skipped', error: 'dependency parent failed' });
    for (const field of ['runtime', 'run_status', 'result', 'handle_id']) expect(wire).not.toHaveProperty(field);
  });

  it('a waiting task is pending and retrying, with the error of its last attempt', () => {
    const wire = toWire(taskAfter(submitted(spec()), started, (make) => make.retried('a', 1, failure('timeout'))));
    expect(wire).toMatchObject({ status: 'pending', run_status: 'retrying', error: 'failed: timeout' });
    expect(wire.runtime).toMatchObject({ status: 'retrying', attempt: 1, error: { code: 'timeout' } });
  });

  it('falsy results are results, and a null one is none', () => {
    for (const result of [0, false, '', [], {}]) {
      const wire = toWire(taskAfter(submitted(spec()), started, (make) => make.succeeded('a', result)));
      expect(wire.result).toEqual(result);
      expect(wire.runtime).toMatchObject({ output: result });
    }
    const wire = toWire(taskAfter(submitted(spec()), started, (make) => make.succeeded('a', null)));
    expect(wire).not.toHaveProperty('result');
  });

  it('what only the kernel needs stays inside', () => {
    const wire = toWire(taskAfter(submitted(spec()), started, (make) => make.retried('a')));
    for (const field of ['submitted_seq', 'last_seq', 'not_before', 'crash_resets'])
      expect(wire).not.toHaveProperty(field);
  });
});

describe('what is stored is read back', () => {
  it('as the same task, for every task that events can make', () => {
    fc.assert(
      fc.property(legalEvents({ maxEvents: 30 }), (events) => {
        for (const task of foldEvents(events).values()) {
          const stored = JSON.parse(JSON.stringify(toStored(task))) as unknown;
          expect(fromWire(stored)).toEqual(task);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('with any inputs, results and details', () => {
    const value = jsonValue().filter((item) => item !== null);
    fc.assert(
      fc.property(value, value, value, (input, result, details) => {
        const task = taskAfter(submitted(spec({ id: 'a', input, params: details })), started, (make) =>
          make.next({ type: 'task_failed', task_id: 'a', error: { ...failure(), details }, result, details }),
        );
        const text = JSON.stringify(toStored(task));
        expect(JSON.stringify(toStored(fromWire(JSON.parse(text))))).toBe(text);
      }),
    );
  });

  it('holds no value twice', () => {
    const task = taskAfter(submitted(spec()), started, (make) => make.succeeded('a', 'only once'));
    expect(JSON.stringify(toStored(task)).split('only once')).toHaveLength(2);
    expect(fromWire(toStored(task)).result).toBe('only once');
  });

  it('a spec alone, too', () => {
    const keys: Record<string, string> = { k: 'v' };
    setOwn(keys, '__proto__', 'p');
    const task = spec({
      id: 'a',
      depends_on: ['x'],
      annotations: keys,
      priority: 5,
      on_interrupt: 'fail',
      params: { a: [1] },
    });
    const back = specFromWire(JSON.parse(JSON.stringify(specToWire(task))) as JsonObject);
    expect(back).toEqual(task);
    expect(JSON.stringify(back.annotations)).toBe('{"k":"v","__proto__":"p"}');
  });
});

describe('a state file of the first version', () => {
  const SEQS = { submitted_seq: 7, last_seq: 9 };
  const old = {
    id: 'build',
    type: 'os',
    params: { command: 'ls' },
    input: { command: 'ls' },
    depends_on: null,
    retry: 1,
    timeout: 5000,
    status: 'success',
    run_status: 'success',
    result: { stdout: 'x\n', exit_code: 0 },
    runtime: {
      status: 'success',
      started_at: '2025-11-23T09:30:15.123456789+02:00',
      finished_at: '2025-11-23T07:30:16Z',
      duration_ms: 877,
      attempt: 1,
    },
    tool_name: 'shell',
    execution_category: 'os',
    created_at: '2025-11-23T07:30:15.1Z',
    updated_at: '2025-11-23T07:30:16.000000001Z',
  };

  it('loads, its times in any offset and precision', () => {
    const task = fromWire(old, SEQS);
    expect(task).toMatchObject({ id: 'build', status: 'success', graph_id: '', submitted_seq: 7, last_seq: 9 });
    expect(task.spec).toMatchObject({ tool_name: 'shell', depends_on: [], retry: 1, timeout: 5000 });
    expect(task.created_at).toBe(Date.UTC(2025, 10, 23, 7, 30, 15, 100));
    expect(task.runtime).toMatchObject({ started_at: Date.UTC(2025, 10, 23, 7, 30, 15, 123), attempt: 1 });
    expect(task.result).toEqual({ stdout: 'x\n', exit_code: 0 });
  });

  it('with no run, no runtime: a pending task', () => {
    const task = fromWire({ id: 'a', type: 'os', status: 'pending', created_at: '0001-01-01T00:00:00Z' }, SEQS);
    expect(task).toMatchObject({ status: 'pending', runtime: undefined, updated_at: 0 });
  });

  it('an empty or missing status is pending, and a result alone is kept', () => {
    expect(fromWire({ id: 'a', type: 'os', status: '' }, SEQS).status).toBe('pending');
    expect(fromWire({ id: 'a', type: 'os' }, SEQS).status).toBe('pending');
    const task = fromWire({ id: 'a', type: 'os', status: 'success', result: [1] }, SEQS);
    expect(task).toMatchObject({ result: [1], run_status: 'success' });
  });

  it.each([
    ['one object', { percent: 50 }, [{ timestamp: 0, data: { percent: 50 } }]],
    ['a text', 'half', [{ timestamp: 0, data: 'half' }]],
    [
      'a list of anything',
      ['half', { timestamp: 5 }],
      [
        { timestamp: 0, data: 'half' },
        { timestamp: 0, data: { timestamp: 5 } },
      ],
    ],
    ['entries', [{ timestamp: '1970-01-01T00:00:01Z', message: 'm' }], [{ timestamp: 1000, message: 'm' }]],
  ])('any JSON as progress: %s', (_, progress, entries) => {
    const task = fromWire({ ...old, progress }, SEQS);
    expect(task.runtime?.progress).toEqual(entries);
    const text = JSON.stringify(toStored(task));
    expect(JSON.stringify(toStored(fromWire(JSON.parse(text))))).toBe(text);
  });

  it('any id', () => {
    for (const id of ['x'.repeat(1_000), 'a\nb', '__proto__']) expect(fromWire({ id, type: 'os' }, SEQS).id).toBe(id);
  });

  it.each<[unknown, string]>([
    [null, 'the task: expected an object, got null'],
    [[], 'the task: expected an object, got []'],
    [{ type: 'os' }, 'id: expected a string, got nothing'],
    [{ id: 5, type: 'os' }, 'id: expected a string, got 5'],
    [{ id: 'a' }, 'type: expected a string, got nothing'],
    [{ id: 'a', type: 'os', status: 'done' }, 'status: expected a task status, got "done"'],
    [{ id: 'a', type: 'os', depends_on: 'x' }, 'depends_on: expected an array of task ids, got "x"'],
    [{ id: 'a', type: 'os', depends_on: [1] }, 'depends_on: expected an array of task ids, got [1]'],
  ])('what everything else rests on must be right: %j', (value, message) => {
    expect(() => fromWire(value, SEQS)).toThrow(expect.objectContaining({ code: 'internal', message }));
  });

  it('without seqs only what holds them itself is taken', () => {
    expect(() => fromWire(old)).toThrow('submitted_seq: expected a sequence number, got nothing');
    expect(() => fromWire({ ...old, submitted_seq: 1, last_seq: -1 })).toThrow('last_seq: expected a sequence number');
  });
});

describe('an event on the wire: {seq, type, task_id?, graph_id?, handle_id?, timestamp, message?, data?}', () => {
  const make = () => new EventSequence();

  it.each<[string, JsonObject, JsonObject]>([
    ['graph_submitted', eventToWire(make().graph('g', { actor: 'me' })), { data: { actor: 'me' } }],
    ['task_started', eventToWire(make().started('a', 2)), { task_id: 'a', data: { attempt: 2 } }],
    ['task_accepted', eventToWire(make().accepted('a', 'h')), { task_id: 'a', handle_id: 'h' }],
    ['task_reset', eventToWire(make().reset('a')), { task_id: 'a', data: { reason: 'crash' } }],
    ['task_succeeded', eventToWire(make().succeeded('a', [1])), { task_id: 'a', data: { result: [1] } }],
    ['task_deleted', eventToWire(make().deleted('a')), { task_id: 'a' }],
    [
      'task_skipped',
      eventToWire(make().skipped('a', 'b')),
      { task_id: 'a', data: { dependency: 'b', because: 'failed' } },
    ],
    [
      'task_submitted',
      eventToWire(make().submitted('a')),
      { task_id: 'a', data: { task: { id: 'a', type: 'os', tool_name: 'noop' } } },
    ],
    [
      'task_retried',
      eventToWire(make().retried('a', 1, failure('timeout'))),
      {
        task_id: 'a',
        data: {
          attempt: 1,
          error: { code: 'timeout', message: 'failed: timeout' },
          not_before: `${START}.100Z`,
        },
      },
    ],
  ])('%s', (type, wire, rest) => {
    expect(wire).toEqual({ seq: 1, type, graph_id: 'g', timestamp: `${START}.000Z`, ...rest });
  });

  it('a receipt is between the caller and the store', () => {
    const receipt = { key: 'secret', digest: 'd', task_ids: ['a'] };
    expect(JSON.stringify(eventToWire(make().graph('g', { receipt })))).not.toContain('secret');
  });

  it('progress notes of a task carry times', () => {
    const progress = [{ timestamp: 0, message: 'm' }];
    const wire = eventToWire(make().next({ type: 'task_succeeded', task_id: 'a', progress }));
    expect(wire).toHaveProperty('data', { progress: [{ timestamp: '1970-01-01T00:00:00.000Z', message: 'm' }] });
  });

  it('live reports have no seq; output is base64', () => {
    const base = { task_id: 'a', graph_id: 'g', timestamp: 0, attempt: 1 };
    const top = { task_id: 'a', graph_id: 'g', timestamp: '1970-01-01T00:00:00.000Z' };
    const progressed = eventToWire({ ...base, type: 'task_progressed', message: 'half', data: { percent: 50 } });
    expect(progressed).toEqual({ ...top, type: 'task_progressed', message: 'half', data: { percent: 50 } });
    const output = eventToWire({
      ...base,
      type: 'task_output',
      stream: 'stderr',
      chunk: new Uint8Array([104, 105, 255]),
    });
    expect(output).toEqual({ ...top, type: 'task_output', data: { attempt: 1, stream: 'stderr', chunk: 'aGn/' } });
    const dropped = eventToWire({ type: 'reports_dropped', timestamp: 0, dropped: 3 });
    expect(dropped).toEqual({ type: 'reports_dropped', timestamp: top.timestamp, data: { dropped: 3 } });
  });

  it('every event survives JSON', () => {
    fc.assert(
      fc.property(legalEvents({ maxEvents: 20 }), (events) => {
        for (const event of events) {
          const wire = eventToWire(event);
          expect(JSON.parse(JSON.stringify(wire))).toEqual(wire);
          expect(wire).toMatchObject({ seq: event.seq, type: event.type, graph_id: event.graph_id });
        }
      }),
      { numRuns: 100 },
    );
  });
});

it('a spec on the wire is what a client would send', () => {
  const task = spec({ id: 'a', type: 'mcp', input: { x: 1 }, depends_on: ['b'], retry: 1 });
  expect(parseTask(specToWire(task), 0, [])).toEqual(task);
});
