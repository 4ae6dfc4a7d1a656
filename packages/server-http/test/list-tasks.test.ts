import { applyEvent, ExecGoError, type Task, type TaskPage, type TaskQuery } from '@execgo/core';
import { EventSequence, FakeExecutor, fails, graphInput, spec } from '@execgo/testkit';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { type Answer, listen, send, startKernel, testApp } from './support/test-server.js';

const ids = ({ json }: Answer): string[] => json.map((task: { id: string }) => task.id);

/** Tasks `t0…`, newest last. */
function makeTasks(count: number, bytes = 10): readonly Task[] {
  const events = new EventSequence();
  const params = { text: 'x'.repeat(bytes) };
  return Array.from(
    { length: count },
    (_, at) => applyEvent(undefined, events.submitted(spec({ id: `t${at}`, params }))) as Task,
  );
}

/** Pages of these tasks, and the queries that were asked. */
function pagesOf(tasks: readonly Task[], fail?: (query: TaskQuery, page: number) => void) {
  const queries: TaskQuery[] = [];
  const list = async (query: TaskQuery): Promise<TaskPage> => {
    queries.push(query);
    fail?.(query, queries.length);
    const left = tasks
      .filter(({ submitted_seq }) => submitted_seq < (query.before ?? Number.POSITIVE_INFINITY))
      .reverse();
    const page = left.slice(0, query.limit);
    const last = page.at(-1);
    return { tasks: page, ...(last !== undefined && left.length > page.length && { next: last.submitted_seq }) };
  };
  return { kernel: fakeKernel({ list }), queries };
}

describe('GET /tasks: a bare JSON array of everything', () => {
  it('is empty in the beginning, and newest first later', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    expect((await send(app, 'GET', '/tasks')).text).toBe('[]');
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [], b: [] }) });
    await send(app, 'POST', '/tasks', { body: graphInput({ c: [] }) });
    const answer = await send(app, 'GET', '/tasks');
    expect([answer.status, ids(answer)]).toEqual([200, ['c', 'b', 'a']]);
    expect([answer.headers.get('x-next-cursor'), answer.headers.get('link')]).toEqual([null, null]);
  });

  it.each([1, 3, 4, 5, 8, 9, 1003])('streams %i tasks in batches of four, complete and in order', async (count) => {
    const { kernel } = pagesOf(makeTasks(count));
    const { app } = testApp(kernel, { limits: { streamBatchItems: 4 } });
    const answer = await send(app, 'GET', '/tasks');
    expect(ids(answer)).toEqual(Array.from({ length: count }, (_, at) => `t${count - 1 - at}`));
  });

  it('a page may be empty and not the last one', async () => {
    const pages: TaskPage[] = [
      { tasks: [], next: 9 },
      { tasks: makeTasks(1), next: 5 },
      { tasks: [], next: 2 },
      { tasks: makeTasks(2) },
    ];
    const { app } = testApp(fakeKernel({ list: async () => pages.shift() ?? { tasks: [] } }));
    expect(ids(await send(app, 'GET', '/tasks'))).toEqual(['t0', 't0', 't1']);
  });

  it('keeps memory flat: a page is fetched only when the client has read the one before', async () => {
    const pageBytes = 1024 * 1024;
    const { kernel, queries } = pagesOf(makeTasks(200, pageBytes));
    const { app } = testApp(kernel, { limits: { streamBatchItems: 1 } });
    const server = await listen(app);
    const response = await fetch(`${server.url}/tasks`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // What the sockets of both sides take in may be ahead of the reader; the rest of the 200 MiB may not.
    const fetched = await settledValue(() => queries.length);
    expect(fetched).toBeLessThan(40);
    let bytes = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) bytes += step.value.byteLength;
    expect([queries.length, bytes > 198 * pageBytes]).toEqual([200, true]);
  });

  it('a client that goes away ends it', async () => {
    const { kernel, queries } = pagesOf(makeTasks(200, 1024 * 1024));
    const { app, logged } = testApp(kernel, { limits: { streamBatchItems: 1 } });
    const server = await listen(app);
    const client = new AbortController();
    const response = await fetch(`${server.url}/tasks`, { signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    await server.close();
    expect(queries.length).toBeLessThan(200);
    expect(logged).toEqual([]);
  });

  it('a store that fails at first is an error answer', async () => {
    const { kernel } = pagesOf(makeTasks(9), () => {
      throw new ExecGoError('unavailable', 'the store is gone');
    });
    const { status, json } = await send(testApp(kernel).app, 'GET', '/tasks');
    expect([status, json.error]).toEqual([503, 'the store is gone']);
  });

  it('a store that fails in mid-stream breaks the connection off: the array does not end as if complete', async () => {
    const { kernel } = pagesOf(makeTasks(9), (_query, page) => {
      if (page === 4) throw new ExecGoError('unavailable', 'the store is gone');
    });
    const { app, logged } = testApp(kernel, { limits: { streamBatchItems: 2 } });
    const server = await listen(app);
    const response = await fetch(`${server.url}/tasks`);
    expect(response.status).toBe(200);
    const chunks: string[] = [];
    const decoder = new TextDecoder();
    const reading = (async () => {
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (let step = await reader.read(); !step.done; step = await reader.read())
        chunks.push(decoder.decode(step.value));
    })();
    await expect(reading).rejects.toThrow();
    expect(chunks.join('')).not.toMatch(/\]$/);
    expect(logged).toEqual(['the list of tasks broke off']);
  });
});

describe('GET /tasks?limit=: pages', () => {
  it('follows X-Next-Cursor and Link to the end, without gap or repeat, while tasks are added', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [], b: [], c: [], d: [], e: [] }) });
    const seen: string[] = [];
    let path = '/tasks?limit=2';
    for (let page = 0; path !== ''; page += 1) {
      const answer = await send(app, 'GET', path);
      seen.push(...ids(answer));
      const link = answer.headers.get('link');
      const cursor = answer.headers.get('x-next-cursor');
      path = link?.match(/^<(.*)>; rel="next"$/)?.[1] ?? '';
      expect(path).toBe(cursor === null ? '' : `/tasks?limit=2&cursor=${cursor}`);
      await send(app, 'POST', '/tasks', { body: graphInput({ [`later${page}`]: [] }) });
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('links keep the filters and the prefix under which the app is mounted', async () => {
    const { kernel } = pagesOf(makeTasks(5));
    const host = new Hono().route('/execgo/v1', testApp(kernel).app);
    const answer = await send(host, 'GET', '/execgo/v1/tasks?limit=2&annotation.team=a%26b&type=os');
    const link = answer.headers.get('link') ?? '';
    expect(link).toMatch(/^<\/execgo\/v1\/tasks\?limit=2&annotation\.team=a%26b&type=os&cursor=[\w-]+>; rel="next"$/);
    const next = await send(host, 'GET', link.slice(1, link.indexOf('>')));
    expect(ids(next)).toEqual(['t2', 't1']);
  });

  it('a cursor without a limit gives all the rest', async () => {
    const { kernel } = pagesOf(makeTasks(5));
    const { app } = testApp(kernel);
    const cursor = (await send(app, 'GET', '/tasks?limit=2')).headers.get('x-next-cursor');
    expect(ids(await send(app, 'GET', `/tasks?cursor=${cursor}`))).toEqual(['t2', 't1', 't0']);
  });

  it('a cursor tells clients nothing they could build on', async () => {
    const { kernel } = pagesOf(makeTasks(5));
    const cursor = (await send(testApp(kernel).app, 'GET', '/tasks?limit=2')).headers.get('x-next-cursor');
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(cursor).not.toMatch(/^\d+$/);
  });
});

describe('GET /tasks: filters', () => {
  it('status, type, graph_id, annotation.<key>, handle_id, all together', async () => {
    const { kernel } = await startKernel({
      executor: new FakeExecutor().script('a', fails()),
      others: [new FakeExecutor({ category: 'mcp' })],
    });
    const { app } = testApp(kernel);
    const annotations = { team: 'red', '': 'empty', __proto__x: '1' };
    const first = await send(app, 'POST', '/tasks', {
      body: {
        tasks: [
          { id: 'a', type: 'noop', annotations },
          { id: 'b', type: 'noop', depends_on: ['a'], annotations: { team: '' } },
          { id: 'c', type: 'mcp', annotations: { team: 'red', size: 's' } },
        ],
      },
    });
    await send(app, 'GET', `/graphs/${first.json.graph_id}?wait=5000`);
    const second = await send(app, 'POST', '/tasks', { body: graphInput({ d: [] }) });
    await send(app, 'GET', '/tasks/d?wait=5000');
    const found = async (query: string) => ids(await send(app, 'GET', `/tasks?${query}`));
    expect(await found('status=failed')).toEqual(['a']);
    expect(await found('status=skipped')).toEqual(['b']);
    expect(await found('status=success')).toEqual(['d', 'c']);
    expect(await found('status=running')).toEqual([]);
    expect(await found('type=mcp')).toEqual(['c']);
    expect(await found(`graph_id=${second.json.graph_id}`)).toEqual(['d']);
    expect(await found('annotation.team=red')).toEqual(['c', 'a']);
    expect(await found('annotation.team=')).toEqual(['b']);
    expect(await found('annotation.team=red&annotation.size=s')).toEqual(['c']);
    expect(await found('annotation.__proto__=x')).toEqual([]);
    expect(await found('annotation.toString=x')).toEqual([]);
    expect(await found('type=os&status=failed&annotation.team=red')).toEqual(['a']);
    expect(await found('handle_id=none')).toEqual([]);
    expect(await found('somebody=else')).toHaveLength(4);
  });

  it('hands a handle on to the kernel', async () => {
    const { kernel, queries } = pagesOf([]);
    await send(testApp(kernel).app, 'GET', '/tasks?handle_id=h%2F1&limit=5');
    expect(queries).toEqual([{ handle_id: 'h/1', limit: 5 }]);
  });

  it.each([
    ['status=done', 'status'],
    ['status=', 'status'],
    ['status=FAILED', 'status'],
    ['status=failed&status=success', 'status'],
    ['type=', 'type'],
    ['graph_id=', 'graph_id'],
    ['handle_id=', 'handle_id'],
    ['annotation.=x', 'annotation.'],
    ['annotation.a=1&annotation.a=2', 'annotation.a'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=', 'limit'],
    ['cursor=', 'cursor'],
    ['cursor=5', 'cursor'],
    ['cursor=bm90IG9uZQ', 'cursor'],
    ['cursor=YmVmb3JlOjU%3D', 'cursor'],
    [`cursor=${Buffer.from('before:-5').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('before:5x').toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from('before:9999999999999999').toString('base64url')}`, 'cursor'],
  ])('%s is 400 and names the parameter', async (query, name) => {
    const { kernel } = pagesOf(makeTasks(3));
    const { status, json } = await send(testApp(kernel).app, 'GET', `/tasks?${query}`);
    expect([status, json.code, json.details]).toEqual([400, 'invalid_input', { field: name }]);
    expect(json.error.startsWith(`${name}: `)).toBe(true);
  });
});

/** A value once it has stayed the same for a while: what a stream does by itself has an end. */
async function settledValue(read: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await expect
    .poll(() => {
      same = read() === last ? same + 1 : 0;
      last = read();
      return same;
    })
    .toBeGreaterThan(5);
  return last;
}
