import { applyEvent, ExecGoError, type Task, type WaitOptions } from '@execgo/core';
import {
  deferred,
  EventSequence,
  FakeExecutor,
  fails,
  graphInput,
  hangs,
  spec,
  succeeds,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { listen, send, startKernel, testApp } from './support/test-server.js';

/** An app over a real kernel. */
async function realApp(executor = new FakeExecutor()) {
  const { kernel } = await startKernel({ executor });
  return { ...testApp(kernel), kernel, executor };
}

describe('POST /tasks', () => {
  it('answers 202 {accepted, task_ids, graph_id} when the graph is durable', async () => {
    const { app } = await realApp();
    const body = graphInput({ a: [], b: ['a'] });
    const { status, json, headers } = await send(app, 'POST', '/tasks', { body });
    expect(status).toBe(202);
    expect(json).toEqual({ accepted: 2, task_ids: ['a', 'b'], graph_id: expect.any(String) });
    expect(headers.get('content-type')).toBe('application/json');
    const { json: task } = await send(app, 'GET', '/tasks/b?wait=5000');
    expect(task).toMatchObject({ id: 'b', status: 'success', graph_id: json.graph_id });
  });

  it('names ignored fields in warnings', async () => {
    const { app } = await realApp();
    const body = { tasks: [{ id: 'a', type: 'noop', colour: 'red' }] };
    const { json } = await send(app, 'POST', '/tasks', { body });
    expect(json.warnings).toEqual(['tasks[0]: unknown field "colour" is ignored']);
  });

  it('rejects a graph with the words of the contract, and stores nothing', async () => {
    const { app } = await realApp();
    const cases: readonly [unknown, number, string][] = [
      [{ tasks: [] }, 400, 'task graph is empty'],
      [{ tasks: [{ id: 'a', type: 'nope' }] }, 400, 'unknown task type: nope (available: os)'],
      [graphInput({ a: ['b'] }), 400, 'task "a" depends on unknown task "b"'],
      [
        { tasks: [{ id: 'a', type: 'noop', retry: 'x' }] },
        400,
        'invalid JSON: tasks[0].retry: expected an integer, got "x"',
      ],
      [[], 400, 'invalid JSON: expected an object with tasks, got an array'],
    ];
    for (const [body, expectedStatus, error] of cases) {
      const { status, json, headers } = await send(app, 'POST', '/tasks', { body });
      expect([status, json.error, json.code]).toEqual([expectedStatus, error, 'invalid_input']);
      expect(json.trace_id).toBe(headers.get('x-trace-id'));
    }
    expect((await send(app, 'GET', '/tasks')).text).toBe('[]');
  });

  it('answers 409 for an id that is not terminal, and changes nothing', async () => {
    const { app, executor } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    const body = graphInput({ a: [] });
    await send(app, 'POST', '/tasks', { body });
    await executor.started('a');
    const { status, json } = await send(app, 'POST', '/tasks', { body });
    expect([status, json.code]).toEqual([409, 'conflict']);
  });

  it('Idempotency-Key: a repeat gets the first receipt, the same key with another body is 409', async () => {
    const { app } = await realApp();
    const headers = { 'idempotency-key': 'k-1' };
    const first = await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }), headers });
    const repeat = await send(app, 'POST', '/tasks', {
      body: graphInput({ a: [] }),
      headers: { 'IDEMPOTENCY-KEY': 'k-1' },
    });
    expect([repeat.status, repeat.json]).toEqual([202, first.json]);
    const other = await send(app, 'POST', '/tasks', { body: graphInput({ b: [] }), headers });
    expect([other.status, other.json.code]).toEqual([409, 'conflict']);
  });

  it('Idempotency-Key: 1 to 256 visible characters, else 400', async () => {
    const { app } = await realApp();
    for (const key of ['k', '~'.repeat(256)]) {
      const body = graphInput({ [key.slice(0, 1)]: [] });
      const { status } = await send(app, 'POST', '/tasks', { body, headers: { 'idempotency-key': key } });
      expect(status).toBe(202);
    }
    for (const key of ['', '~'.repeat(257), 'two words', 'k, k', 'ä']) {
      const { status, json } = await send(app, 'POST', '/tasks', { body: {}, headers: { 'idempotency-key': key } });
      expect([key, status, json.details]).toEqual([key, 400, { field: 'Idempotency-Key' }]);
    }
    expect((await send(app, 'GET', '/tasks')).json).toHaveLength(2);
  });

  it('is refused as a whole while the kernel has too much to do: 429 with Retry-After', async () => {
    const submit = async () => {
      throw new ExecGoError('resource_exhausted', 'later', { details: { retry_after_ms: 2500 } });
    };
    const { app } = testApp(fakeKernel({ submit }));
    const { status, headers } = await send(app, 'POST', '/tasks', { body: {} });
    expect([status, headers.get('retry-after')]).toEqual([429, '3']);
  });
});

describe('GET /tasks/{id}', () => {
  it('answers the task as the wire has it, and 404 `task not found: <id>`', async () => {
    const { app } = await realApp(new FakeExecutor({ otherwise: succeeds({ n: 1 }) }));
    await send(app, 'POST', '/tasks', { body: { tasks: [{ id: 'a', type: 'noop', annotations: { k: 'v' } }] } });
    const { status, json } = await send(app, 'GET', '/tasks/a?wait=5000');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: 'a',
      type: 'os',
      tool_name: 'noop',
      annotations: { k: 'v' },
      status: 'success',
      result: { n: 1 },
    });
    expect(json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const missing = await send(app, 'GET', '/tasks/none');
    expect([missing.status, missing.json.error, missing.json.code]).toEqual([404, 'task not found: none', 'not_found']);
  });

  it.each([
    ['a%2Fb', 'a/b'],
    ['a%2fcancel', 'a/cancel'],
    ['%252F', '%2F'],
    ['%2541', '%41'],
    ['a%20b', 'a b'],
    ['a+b', 'a+b'],
    ['%3F%23%26', '?#&'],
    ['%F0%9F%8D%B0', '🍰'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['..%2F..%2Fetc', '../../etc'],
    ['a:b;c=d', 'a:b;c=d'],
    ['%5C%5C', '\\\\'],
    ['...', '...'],
    ['events', 'events'],
    ['%22%3Cscript%3E', '"<script>'],
  ])('ids are percent-encoded: %s is %j on every route', async (encoded, id) => {
    const { app } = await realApp();
    await send(app, 'POST', '/tasks', { body: { tasks: [{ id, type: 'noop' }] } });
    const { json } = await send(app, 'GET', `/tasks/${encoded}?wait=5000`);
    expect([json.id, json.status]).toEqual([id, 'success']);
    const events = await send(app, 'GET', `/tasks/${encoded}/events`);
    expect(new Set(events.json.map((event: { task_id: string }) => event.task_id))).toEqual(new Set([id]));
    expect((await send(app, 'POST', `/tasks/${encoded}/cancel`)).status).toBe(409);
    expect((await send(app, 'DELETE', `/tasks/${encoded}`)).status).toBe(204);
    expect((await send(app, 'GET', `/tasks/${encoded}`)).json.error).toBe(`task not found: ${id}`);
  });

  it.each(['%00', '%0A', '%0d%0a', 'a%00b', '%7F', '%E2%80%AE', 'x'.repeat(5000), '%C3%A4'.repeat(300)])(
    'an odd id that nobody has (%s) is 404 on every route',
    async (encoded) => {
      const { app } = await realApp();
      const server = await listen(app);
      for (const [method, path] of [
        ['GET', `/tasks/${encoded}`],
        ['DELETE', `/tasks/${encoded}`],
        ['POST', `/tasks/${encoded}/cancel`],
        ['GET', `/tasks/${encoded}/events`],
        ['GET', `/graphs/${encoded}`],
        ['POST', `/graphs/${encoded}/cancel`],
      ] as const) {
        const response = await fetch(server.url + path, { method });
        expect([method, path, response.status]).toEqual([method, path, 404]);
      }
    },
  );

  it.each(['%', '%zz', '%E0%A4%A', '%C3', '%ff', '%ED%A0%80', 'a%2'])(
    'what is not percent-encoded UTF-8 (%s) is 400',
    async (encoded) => {
      const { app } = await realApp();
      const server = await listen(app);
      for (const path of [`/tasks/${encoded}`, `/graphs/${encoded}`, `/tasks/${encoded}/events`]) {
        const response = await fetch(server.url + path);
        expect([path, response.status]).toEqual([path, 400]);
      }
    },
  );
});

describe('GET /tasks/{id}?wait=<ms ≤ 60000>', () => {
  it('answers as soon as the task is terminal', async () => {
    const { app, executor } = await realApp(new FakeExecutor({ otherwise: waitsForRelease() }));
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    const waiting = send(app, 'GET', '/tasks/a?wait=60000');
    await executor.started('a');
    executor.release('a', 'done');
    expect((await waiting).json).toMatchObject({ status: 'success', result: 'done' });
  });

  it('answers what is when the time is over, and at once for wait=0', async () => {
    const { app, executor } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await executor.started('a');
    for (const wait of [0, 30]) {
      const { status, json } = await send(app, 'GET', `/tasks/a?wait=${wait}`);
      expect([status, json.id, ['pending', 'running'].includes(json.status)]).toEqual([200, 'a', true]);
    }
  });

  it.each(['', '-1', '60001', '1.5', '1e3', 'abc', ' 5', '0x10', '٣', '99999999999999999999', '10&wait=20'])(
    'wait=%s is 400 and names it',
    async (wait) => {
      const { app } = await realApp();
      for (const path of ['/tasks/a', '/graphs/g']) {
        const { status, json } = await send(app, 'GET', `${path}?wait=${wait}`);
        expect([status, json.code, json.details]).toEqual([400, 'invalid_input', { field: 'wait' }]);
        expect(json.error).toMatch(/^wait: /);
      }
    },
  );

  it('60000 is taken, and a task that is not there is 404 at once', async () => {
    const { app } = await realApp();
    expect((await send(app, 'GET', '/tasks/none?wait=60000')).status).toBe(404);
    expect((await send(app, 'GET', '/graphs/none?wait=60000')).status).toBe(404);
  });

  it('ends when the client goes away', async () => {
    const waiting = deferred<AbortSignal>();
    const wait = (_id: string, { signal }: WaitOptions = {}) =>
      new Promise<Task>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        if (signal !== undefined) waiting.resolve(signal);
      });
    const get = async () => applyEvent(undefined, new EventSequence().submitted(spec())) as Task;
    const { app, logged } = testApp(fakeKernel({ wait, get }));
    const server = await listen(app);
    const client = new AbortController();
    const answer = fetch(`${server.url}/tasks/a?wait=60000`, { signal: client.signal });
    const signal = await waiting.promise;
    expect(signal.aborted).toBe(false);
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await expect.poll(() => signal.aborted).toBe(true);
    expect(logged).toEqual([]);
  });
});

describe('DELETE /tasks/{id}', () => {
  it('answers 204 without a body, then 404', async () => {
    const { app } = await realApp();
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await send(app, 'GET', '/tasks/a?wait=5000');
    const deleted = await send(app, 'DELETE', '/tasks/a');
    expect([deleted.status, deleted.text, deleted.headers.get('content-type')]).toEqual([204, '', null]);
    expect((await send(app, 'DELETE', '/tasks/a')).status).toBe(404);
  });

  it('cancels first what is not terminal', async () => {
    const { app, executor } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await executor.started('a');
    expect((await send(app, 'DELETE', '/tasks/a')).status).toBe(204);
    expect(executor.running).toEqual([]);
  });

  it('answers 409 while an unfinished task depends on it, and names that', async () => {
    const executor = new FakeExecutor().script('b', hangs());
    const { app } = await realApp(executor);
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [], b: ['a'] }) });
    await executor.started('b');
    const { status, json } = await send(app, 'DELETE', '/tasks/a');
    expect([status, json.code]).toEqual([409, 'conflict']);
    expect(json.error).toContain('"b"');
  });
});

describe('POST /tasks/{id}/cancel', () => {
  it('answers 200 with the task when nothing of it runs any more, and again when it was cancelled already', async () => {
    const { app, executor } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await executor.started('a');
    const first = await send(app, 'POST', '/tasks/a/cancel', { body: { reason: 'no longer needed' } });
    expect([first.status, executor.running]).toEqual([200, []]);
    expect(first.json).toMatchObject({
      status: 'failed',
      run_status: 'cancelled',
      runtime: { error: { code: 'cancelled' } },
    });
    expect(first.json.error).toContain('no longer needed');
    const again = await send(app, 'POST', '/tasks/a/cancel');
    expect([again.status, again.json]).toEqual([200, first.json]);
  });

  it('answers 404 for a task that is not there and 409 for one that ended otherwise', async () => {
    const { app } = await realApp(new FakeExecutor().script('a', fails()));
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await send(app, 'GET', '/tasks/a?wait=5000');
    expect((await send(app, 'POST', '/tasks/a/cancel')).status).toBe(409);
    expect((await send(app, 'POST', '/tasks/none/cancel')).status).toBe(404);
  });

  it('takes a reason of up to 1000 characters, null or none, and nothing else', async () => {
    const reasons: unknown[] = [];
    const cancel = async (_id: string, options: unknown) => {
      reasons.push(options);
      throw new ExecGoError('not_found', 'none');
    };
    const { app } = testApp(fakeKernel({ cancel }));
    for (const body of [undefined, {}, { reason: null }, { reason: '' }, { reason: 'r'.repeat(1000) }, { other: 1 }]) {
      expect((await send(app, 'POST', '/tasks/a/cancel', { body })).status).toBe(404);
    }
    expect(reasons).toEqual([{}, {}, {}, {}, { reason: 'r'.repeat(1000) }, {}]);
    for (const body of [[], 'text', 1, null, { reason: 1 }, { reason: {} }, { reason: 'r'.repeat(1001) }]) {
      const { status, json } = await send(app, 'POST', '/tasks/a/cancel', { body: JSON.stringify(body) });
      expect([body, status, json.error.startsWith('invalid JSON: ')]).toEqual([body, 400, true]);
    }
    expect(reasons).toHaveLength(6);
  });
});
