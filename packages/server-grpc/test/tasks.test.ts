import { applyEvent, ExecGoError, MemoryStore, type Task } from '@execgo/core';
import {
  EventSequence,
  FakeExecutor,
  fails,
  INVALID_IDS,
  ODD_IDS,
  reports,
  succeeds,
  waitsForRelease,
} from '@execgo/testkit';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ExecGo } from '../src/gen/execgo/v1/execgo_pb.js';
import { GrpcClient, refusalOf } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc, startKernel } from './support/test-server.js';

const { submitTasks, getTask, listTasks, cancelTask, deleteTask, metrics } = ExecGo.method;

async function started(executor = new FakeExecutor()) {
  const { kernel } = await startKernel({ executor });
  const server = await startGrpc(kernel);
  return { kernel, executor, server, client: new GrpcClient(server.target) };
}

describe('SubmitTasks(TaskGraph) → SubmitTasksResponse', () => {
  it('a graph runs, and GetTask shows what came of it', async () => {
    const { kernel, client } = await started(new FakeExecutor().script('a', succeeds({ stdout: 'ü' })));
    const answer = await client.call(submitTasks, {
      tasks: [
        { id: 'a', type: 'shell', paramsJson: '{"command":"echo"}', retry: 2, timeoutMs: 5000n },
        { id: 'b', type: 'os', dependsOn: ['a'] },
      ],
    });
    expect(answer).toMatchObject({ accepted: 2, taskIds: ['a', 'b'], warnings: [] });
    const graph = await kernel.graph(answer.graphId, {});
    expect(graph.counts).toEqual({ success: 2 });
    const { task } = await client.call(getTask, { id: 'a' });
    const { created_at, updated_at } = await kernel.get('a');
    expect(task).toMatchObject({
      id: 'a',
      type: 'os',
      toolName: 'shell',
      executionCategory: 'os',
      paramsJson: '{"command":"echo"}',
      inputJson: '{"command":"echo"}',
      retry: 2,
      timeoutMs: 5000n,
      status: 'success',
      resultJson: '{"stdout":"ü"}',
      error: '',
      createdAtUnixMs: BigInt(created_at),
      updatedAtUnixMs: BigInt(updated_at),
      runStatus: 'success',
      graphId: answer.graphId,
      runtime: { status: 'success', attempt: 1 },
    });
    expect((await client.call(getTask, { id: 'b' })).task?.dependsOn).toEqual(['a']);
  });

  it('every field that a client may set arrives, and comes back', async () => {
    const { kernel, client, executor } = await started(
      new FakeExecutor().script('t', reports(['half'], fails('timeout', 'too slow'))),
    );
    await client.call(submitTasks, {
      tasks: [
        {
          id: 't',
          type: 'os',
          toolName: 'fake',
          inputJson: '{"a":[1,null]}',
          executionCategory: 'mine',
          annotations: { team: 'x', ['__proto__']: 'y' },
          priority: -7,
          onInterrupt: 'fail',
        },
      ],
    });
    await kernel.wait('t');
    expect(executor.record).toHaveLength(2);
    const { task } = await client.call(getTask, { id: 't' });
    expect(task).toMatchObject({
      toolName: 'fake',
      inputJson: '{"a":[1,null]}',
      executionCategory: 'mine',
      priority: -7,
      onInterrupt: 'fail',
      status: 'failed',
      runStatus: 'failed',
      error: 'too slow',
      progress: [{ message: 'half', dataJson: '' }],
      runtime: { attempt: 1, error: { code: 'timeout', message: 'too slow', retryable: true } },
    });
    expect(task?.annotations.team).toBe('x');
  });

  it('what the server owns is ignored, so that a fetched task can be sent again', async () => {
    const { kernel, client } = await started();
    await client.call(submitTasks, { tasks: [{ id: 'a', type: 'os' }] });
    await kernel.wait('a');
    const { task } = await client.call(getTask, { id: 'a' });
    expect(task?.status).toBe('success');
    await client.call(submitTasks, { tasks: [{ ...task, status: 'nonsense', resultJson: 'no JSON' }] as never });
    expect((await kernel.wait('a')).status).toBe('success');
  });

  it('the idempotency key is metadata: a repeat gets the first answer, the same key with another graph ABORTED', async () => {
    const { client } = await started();
    const key = { 'idempotency-key': 'k1' };
    const first = await client.call(submitTasks, { tasks: [{ id: 'a', type: 'os' }] }, key);
    const again = await client.call(submitTasks, { tasks: [{ id: 'a', type: 'os' }] }, key);
    expect(again).toEqual(first);
    const other = await client.refusal(submitTasks, { tasks: [{ id: 'b', type: 'os' }] }, key);
    expect([other.code, other.trailers.code]).toEqual([status.ABORTED, 'conflict']);
  });

  it('gRPC words the type error `unknown task type "<t>" (available: [a b])`', async () => {
    const executor = new FakeExecutor({ category: 'zeta' });
    const { client } = await started(executor);
    const { code, text, trailers } = await client.refusal(submitTasks, { tasks: [{ id: 'a', type: 'no "such"' }] });
    expect([code, text]).toEqual([status.INVALID_ARGUMENT, 'unknown task type "no \\"such\\"" (available: [zeta])']);
    expect(JSON.parse(trailers.details ?? '')).toEqual({ type: 'no "such"', available: ['zeta'] });
  });

  it.each([
    ['an empty graph', { tasks: [] }, 'task graph is empty'],
    ['no id', { tasks: [{ type: 'os' }] }, 'task id is required'],
    ['no type', { tasks: [{ id: 'a' }] }, 'task "a": type is required'],
    [
      'a task that depends on itself',
      { tasks: [{ id: 'a', type: 'os', dependsOn: ['a'] }] },
      'task "a" cannot depend on itself',
    ],
    [
      'params that are no JSON',
      { tasks: [{ id: 'a', type: 'os', paramsJson: '{' }] },
      /^invalid JSON: tasks\[0\]\.params_json: /,
    ],
    [
      'input that is no JSON',
      { tasks: [{ id: 'a', type: 'os', inputJson: 'x' }] },
      /^invalid JSON: tasks\[0\]\.input_json: /,
    ],
    [
      'a timeout beyond JavaScript',
      { tasks: [{ id: 'a', type: 'os', timeoutMs: 2n ** 60n }] },
      /^tasks\[0\]\.timeout_ms: .* out of range/,
    ],
    ['too many retries', { tasks: [{ id: 'a', type: 'os', retry: 1001 }] }, /tasks\[0\]\.retry: must be at most 1000/],
    ['on_interrupt', { tasks: [{ id: 'a', type: 'os', onInterrupt: 'never' }] }, /tasks\[0\]\.on_interrupt/],
  ])('%s is INVALID_ARGUMENT, and leaves nothing behind', async (_name, graph, message) => {
    const { client, kernel } = await started();
    const refused = await client.refusal(submitTasks, graph);
    expect([refused.code, refused.trailers.code]).toEqual([status.INVALID_ARGUMENT, 'invalid_input']);
    expect(refused.text).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message);
    expect((await kernel.list({})).tasks).toEqual([]);
  });

  it('ids are ordinary strings: odd ones go through, malformed ones are INVALID_ARGUMENT', async () => {
    const { client, kernel } = await started();
    await client.call(submitTasks, { tasks: ODD_IDS.map((id) => ({ id, type: 'os', annotations: { [id]: id } })) });
    for (const id of ODD_IDS) {
      await kernel.wait(id);
      expect((await client.call(getTask, { id })).task?.id).toBe(id);
      // Every key, `__proto__` too, is an annotation like any other.
      expect(Object.entries((await kernel.get(id)).spec.annotations ?? {})).toEqual([[id, id]]);
      expect((await client.call(listTasks, { annotations: { [id]: id } })).tasks.map((task) => task.id)).toEqual([id]);
    }
    for (const id of INVALID_IDS) {
      if (id === '' || /[\ud800-\udfff]/.test(id)) continue;
      expect((await client.refusal(submitTasks, { tasks: [{ id, type: 'os' }] })).code).toBe(status.INVALID_ARGUMENT);
    }
  });

  it('bytes that are no message are INVALID_ARGUMENT, and no failure of the server', async () => {
    const { client, server } = await started();
    for (const bytes of [
      Buffer.from('ffffffff', 'hex'),
      Buffer.from('0a02ffff', 'hex'),
      Buffer.from('0a0a0a', 'hex'),
    ]) {
      const refused = await refusalOf(client.callRaw(submitTasks, bytes));
      expect([refused.code, refused.text]).toEqual([
        status.INVALID_ARGUMENT,
        expect.stringContaining('the message is no execgo.v1.TaskGraph'),
      ]);
    }
    expect(server.logged).toEqual([]);
  });
});

describe('GetTask · CancelTask · DeleteTask', () => {
  it('NOT_FOUND for an id that is not there, INVALID_ARGUMENT for none', async () => {
    const { client } = await started();
    const tried = async (id: string) => [
      await client.refusal(getTask, { id }),
      await client.refusal(cancelTask, { id }),
      await client.refusal(deleteTask, { id }),
    ];
    for (const missing of await tried('ghost')) {
      expect([missing.code, missing.text]).toEqual([status.NOT_FOUND, 'task not found: ghost']);
      expect(missing.trailers.code).toBe('not_found');
    }
    for (const none of await tried('')) {
      expect([none.code, none.text]).toEqual([status.INVALID_ARGUMENT, 'id: is required']);
      expect(none.trailers.details).toBe('{"field":"id"}');
    }
  });

  it('CancelTask ends a running task with its reason, and is ABORTED for one that ended otherwise', async () => {
    const { client, executor, kernel } = await started(new FakeExecutor().script('a', waitsForRelease()));
    await client.call(submitTasks, {
      tasks: [
        { id: 'a', type: 'os' },
        { id: 'b', type: 'os' },
      ],
    });
    await executor.started('a');
    const { task } = await client.call(cancelTask, { id: 'a', reason: 'no longer needed' });
    expect(task).toMatchObject({ status: 'failed', runStatus: 'cancelled', runtime: { error: { code: 'cancelled' } } });
    expect(task?.error).toContain('no longer needed');
    await kernel.wait('b');
    expect((await client.refusal(cancelTask, { id: 'b' })).code).toBe(status.ABORTED);
    const long = await client.refusal(cancelTask, { id: 'b', reason: 'x'.repeat(1001) });
    expect([long.code, long.text]).toEqual([status.INVALID_ARGUMENT, 'reason: at most 1000 characters']);
  });

  it('DeleteTask deletes, and is ABORTED while an unfinished task depends on it', async () => {
    const { client, kernel, executor } = await started(new FakeExecutor().script('b', waitsForRelease()));
    await client.call(submitTasks, {
      tasks: [
        { id: 'a', type: 'os' },
        { id: 'b', type: 'os', dependsOn: ['a'] },
      ],
    });
    await executor.started('b');
    const pinned = await client.refusal(deleteTask, { id: 'a' });
    expect([pinned.code, pinned.text]).toEqual([status.ABORTED, expect.stringContaining('b')]);
    executor.release('b');
    await kernel.wait('b');
    expect((await client.call(deleteTask, { id: 'a' })).deleted).toBe(true);
    expect((await client.refusal(getTask, { id: 'a' })).code).toBe(status.NOT_FOUND);
  });

  it('what only a loaded state file can hold is shown too: numbers beyond 32 bits, texts that are no UTF-8', async () => {
    const made = applyEvent(undefined, new EventSequence().submitted('a')) as Task;
    const spec = Object.assign(Object.create(Object.getPrototypeOf(made.spec)), made.spec, {
      retry: 2 ** 40,
      priority: -(2 ** 40),
      id: 'lone \ud800 surrogate',
    });
    const odd = Object.assign(Object.create(Object.getPrototypeOf(made)), made, {
      spec,
      created_at: 0,
      error: '\udfff',
    });
    const client = new GrpcClient((await startGrpc(fakeKernel({ get: async () => odd }))).target);
    expect((await client.call(getTask, { id: 'a' })).task).toMatchObject({
      id: 'lone \ufffd surrogate',
      retry: 2 ** 31 - 1,
      priority: -(2 ** 31 - 1),
      createdAtUnixMs: 0n,
      error: '\ufffd',
    });
  });
});

describe('ListTasks', () => {
  it('without a page size it gives everything, newest first, and each filter narrows it', async () => {
    const { client, kernel } = await started(new FakeExecutor().script('t1', fails('internal', 'no')));
    const tasks = Array.from({ length: 5 }, (_, at) => ({
      id: `t${at}`,
      type: 'os',
      annotations: { n: String(at % 2) },
    }));
    const { graphId } = await client.call(submitTasks, { tasks });
    await client.call(submitTasks, { tasks: [{ id: 'other', type: 'os' }] });
    await kernel.graph(graphId, {});
    await kernel.wait('other');
    const ids = async (request: object) => (await client.call(listTasks, request)).tasks.map(({ id }) => id);
    expect(await ids({})).toEqual(['other', 't4', 't3', 't2', 't1', 't0']);
    expect(await ids({ graphId })).toEqual(['t4', 't3', 't2', 't1', 't0']);
    expect(await ids({ status: 'failed' })).toEqual(['t1']);
    expect(await ids({ annotations: { n: '1' } })).toEqual(['t3', 't1']);
    expect(await ids({ type: 'mcp' })).toEqual([]);
    expect(await ids({ handleId: 'h' })).toEqual([]);
  });

  it('pages hold every task once, however they are cut', async () => {
    const { client, kernel } = await started();
    const tasks = Array.from({ length: 7 }, (_, at) => ({ id: `t${at}`, type: 'os' }));
    await kernel.submit({ tasks });
    for (const pageSize of [1, 3, 7, 10]) {
      const ids: string[] = [];
      let pageToken = '';
      let pages = 0;
      do {
        const page = await client.call(listTasks, { pageSize, pageToken });
        expect(page.tasks.length).toBeLessThanOrEqual(pageSize);
        ids.push(...page.tasks.map(({ id }) => id));
        pageToken = page.nextPageToken;
        pages += 1;
      } while (pageToken !== '');
      expect(ids).toEqual(['t6', 't5', 't4', 't3', 't2', 't1', 't0']);
      expect(pages).toBeLessThanOrEqual(Math.ceil(7 / pageSize) + 1);
    }
  });

  it('a page of large tasks ends early, with one at least; everything at once that does not fit is refused', async () => {
    const { kernel } = await startKernel();
    await kernel.submit({
      tasks: Array.from({ length: 4 }, (_, at) => ({ id: `t${at}`, type: 'os', input: { text: 'x'.repeat(1000) } })),
    });
    const { target } = await startGrpc(kernel, { limits: { pageBytes: 2500, maxSendBytes: 3000 } });
    const client = new GrpcClient(target);
    const first = await client.call(listTasks, { pageSize: 4 });
    expect(first.tasks.map(({ id }) => id)).toEqual(['t3', 't2']);
    const second = await client.call(listTasks, { pageSize: 4, pageToken: first.nextPageToken });
    expect(second.tasks.map(({ id }) => id)).toEqual(['t1', 't0']);
    const all = await client.refusal(listTasks, {});
    expect([all.code, all.trailers.code, all.text]).toEqual([
      status.RESOURCE_EXHAUSTED,
      'too_large',
      expect.stringContaining('page_size'),
    ]);
    const tiny = new GrpcClient((await startGrpc(kernel, { limits: { pageBytes: 100 } })).target);
    expect((await tiny.call(listTasks, { pageSize: 4 })).tasks).toHaveLength(1);
  });

  it.each([
    [{ status: 'done' }, /^status: expected one of pending/],
    [{ pageSize: -1 }, /^page_size: /],
    [{ pageSize: 1001 }, /^page_size: expected an integer from 1 to 1000/],
    [{ pageToken: 'made up' }, /^page_token: /],
  ])('%j is INVALID_ARGUMENT', async (request, message) => {
    const { client } = await started();
    const refused = await client.refusal(listTasks, request);
    expect([refused.code, refused.text]).toEqual([status.INVALID_ARGUMENT, expect.stringMatching(message)]);
  });
});

it('Metrics counts what GET /metrics counts: failed, cancelled and skipped are one number', async () => {
  const { client, kernel } = await started(new FakeExecutor().script('bad', fails('internal', 'no')));
  await client.call(submitTasks, {
    tasks: [
      { id: 'good', type: 'shell' },
      { id: 'bad', type: 'os' },
      { id: 'after', type: 'os', dependsOn: ['bad'] },
    ],
  });
  await Promise.all(['good', 'bad', 'after'].map((id) => kernel.wait(id)));
  expect(await client.call(metrics, {})).toMatchObject({
    tasksTotal: 3n,
    tasksRunning: 0n,
    tasksSucceeded: 1n,
    tasksFailed: 2n,
    byType: { os: 3n },
  });
});

describe('errors', () => {
  const cases = {
    invalid_input: status.INVALID_ARGUMENT,
    unauthenticated: status.UNAUTHENTICATED,
    denied: status.PERMISSION_DENIED,
    not_found: status.NOT_FOUND,
    conflict: status.ABORTED,
    gone: status.FAILED_PRECONDITION,
    too_large: status.RESOURCE_EXHAUSTED,
    resource_exhausted: status.RESOURCE_EXHAUSTED,
    unavailable: status.UNAVAILABLE,
    internal: status.INTERNAL,
    timeout: status.INTERNAL,
  } as const;

  it('each code has its status; code and details are in the trailing metadata, with the trace id', async () => {
    for (const [name, code] of Object.entries(cases)) {
      const get = () =>
        Promise.reject(new ExecGoError(name as keyof typeof cases, `ünd ${name} 100%`, { details: { why: 'ü' } }));
      const { target } = await startGrpc(fakeKernel({ get }));
      const refused = await new GrpcClient(target).refusal(getTask, { id: 'a' }, { 'x-trace-id': 'mine' });
      const isInternal = code === status.INTERNAL;
      expect(refused).toEqual({
        code,
        text: `ünd ${name} 100%`,
        trailers: expect.objectContaining({
          code: isInternal ? 'internal' : name,
          'x-trace-id': 'mine',
          ...(!isInternal && { details: '{"why":"\\u00fc"}' }),
        }),
      });
      if (isInternal) expect(refused.trailers.details).toBeUndefined();
    }
  });

  it('what is no ExecGoError is not shown: the log has it under the trace id that the answer carries', async () => {
    const seen: unknown[] = [];
    const get = () => Promise.reject(new TypeError('a secret'));
    const logger = { error: (fields: object) => void seen.push(fields) };
    const { target } = await startGrpc(fakeKernel({ get }), { logger });
    const { code, text, trailers } = await new GrpcClient(target).refusal(getTask, { id: 'a' });
    expect([code, text]).toEqual([status.INTERNAL, expect.not.stringContaining('secret')]);
    expect(seen).toMatchObject([{ trace_id: trailers['x-trace-id'], method: 'execgo.v1.ExecGo/GetTask' }]);
  });

  it('long messages and details do not break the headers of a client', async () => {
    const details = { cycle: Array.from({ length: 10_000 }, (_, at) => `task ${at}`) };
    const get = () => Promise.reject(new ExecGoError('invalid_input', `${'ü'.repeat(50_000)}\ud800`, { details }));
    const { target } = await startGrpc(fakeKernel({ get }));
    const refused = await new GrpcClient(target).refusal(getTask, { id: 'a' });
    expect([refused.code, refused.trailers.details]).toEqual([status.INVALID_ARGUMENT, undefined]);
    expect(refused.text).toMatch(/^ü{100,}…$/);
    expect(encodeURI(refused.text).length).toBeLessThan(2100);
  });

  it('a store that refuses to write is UNAVAILABLE', async () => {
    const { kernel } = await startKernel({ store: new MemoryStore() });
    const client = new GrpcClient((await startGrpc(kernel)).target);
    await kernel.stop({ graceMs: 0 });
    expect((await client.refusal(submitTasks, { tasks: [{ id: 'a', type: 'os' }] })).code).toBe(status.UNAVAILABLE);
  });
});
