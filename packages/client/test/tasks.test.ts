import { MemoryStore } from '@execgo/core';
import { FakeExecutor, fails, graphInput, hangs, ODD_IDS, succeeds, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import { ExecGoHttpError, ExecGoOptionError } from '../src/index.js';
import { startFake } from './support/fake-server.js';
import { quickClient, rejection, take } from './support/quick.js';
import { startServer } from './support/test-server.js';

describe('tasks', () => {
  it('submit, wait and get: the receipt, then the task as it ended', async () => {
    const executor = new FakeExecutor().script('a', succeeds({ answer: 42 }));
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    const receipt = await client.submit(graphInput({ a: [], b: ['a'] }));
    expect(receipt).toEqual({ accepted: 2, task_ids: ['a', 'b'], graph_id: expect.any(String) });
    expect(await client.wait('b')).toMatchObject({ id: 'b', status: 'success', depends_on: ['a'] });
    expect(await client.get('a')).toMatchObject({
      status: 'success',
      result: { answer: 42 },
      graph_id: receipt.graph_id,
    });
  });

  it('submit with a key: a repeat is answered with the first receipt', async () => {
    const { url } = await startServer();
    const client = quickClient(url);
    const first = await client.submit(graphInput({ a: [] }), { idempotencyKey: 'k' });
    expect(await client.submit(graphInput({ a: [] }), { idempotencyKey: 'k' })).toEqual(first);
    const error = await rejection(client.submit(graphInput({ b: [] }), { idempotencyKey: 'k' }));
    expect(error).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('a refusal says what the server said, with code, details and trace id', async () => {
    const { url } = await startServer();
    const error = await rejection(quickClient(url).submit({ tasks: [{ id: 'a', type: 'os', retry: 'x' as never }] }));
    expect(error).toBeInstanceOf(ExecGoHttpError);
    expect(error).toMatchObject({
      name: 'ExecGoHttpError',
      status: 400,
      code: 'invalid_input',
      message: expect.stringContaining('tasks[0].retry'),
      details: { field: 'tasks[0].retry' },
      traceId: expect.stringMatching(/^[0-9a-f]{16}$/),
      body: { code: 'invalid_input' },
    });
  });

  it('any id can be named that a URL can hold', async () => {
    const { url } = await startServer();
    const client = quickClient(url);
    const ids = ODD_IDS.filter((id) => id !== '.' && id !== '..');
    await client.submit({ tasks: ids.map((id) => ({ id, type: 'os' })) });
    const { tasks } = await client.wait(ids);
    expect(tasks.map(({ id, status }) => [id, status])).toEqual(ids.map((id) => [id, 'success']));
    for (const id of ids) await client.remove(id);
    expect(await take(client.list())).toEqual([]);
  });

  it('an id that no URL can name is refused before anything is sent', async () => {
    const fake = await startFake((response) => response.end());
    const client = quickClient(fake.url);
    for (const id of ['.', '..', '', '\ud800']) {
      expect(await rejection(client.get(id))).toBeInstanceOf(ExecGoOptionError);
    }
    expect(fake.seen).toEqual([]);
  });

  it('list: every task that fits, newest first, over as many pages as it takes', async () => {
    const { url } = await startServer();
    const client = quickClient(url);
    const ids = Array.from({ length: 230 }, (_, at) => `t${at}`);
    await client.submit({
      tasks: ids.map((id) => ({ id, type: 'os', annotations: { half: id < 't5' ? 'a b&c' : 'z' } })),
    });
    expect((await take(client.list())).map(({ id }) => id)).toEqual([...ids].reverse());
    const some = await take(client.list({ annotations: { half: 'a b&c' } }));
    expect(some.map(({ id }) => id)).toEqual(ids.filter((id) => id < 't5').reverse());
    expect(await take(client.list({ graphId: 'nobody' }))).toEqual([]);
  });

  it('listPage: one page, and where the next one begins', async () => {
    const { url } = await startServer();
    const client = quickClient(url);
    await client.submit(graphInput({ a: [], b: [], c: [] }));
    const first = await client.listPage({ limit: 2 });
    expect(first.tasks.map(({ id }) => id)).toEqual(['c', 'b']);
    const second = await client.listPage({ limit: 2, cursor: first.next as string });
    expect([second.tasks.map(({ id }) => id), second.next]).toEqual([['a'], undefined]);
    expect(await rejection(client.listPage({ cursor: 'x' }))).toMatchObject({ details: { field: 'cursor' } });
  });

  it('wait: a task as it is when the time is over', async () => {
    const executor = new FakeExecutor().script('a', hangs());
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    await client.submit(graphInput({ a: [], b: [] }));
    await executor.started('a');
    expect((await client.wait('a', { timeoutMs: 30 })).status).toBe('running');
    const { tasks, all_terminal } = await client.wait(['b', 'a'], { timeoutMs: 30 });
    expect([tasks.map(({ id, status }) => [id, status]), all_terminal]).toEqual([
      [
        ['b', 'success'],
        ['a', 'running'],
      ],
      false,
    ]);
    expect((await client.wait('a', { timeoutMs: 0 })).status).toBe('running');
  });

  it('wait: several tasks, when all are terminal', async () => {
    const executor = new FakeExecutor().script('a', waitsForRelease()).script('b', fails('internal'));
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    await client.submit(graphInput({ a: [], b: [], c: ['b'] }));
    await executor.started('a');
    const waiting = client.wait(['a', 'b', 'c']);
    executor.release('a');
    const { tasks, all_terminal } = await waiting;
    expect([tasks.map(({ status }) => status), all_terminal]).toEqual([['success', 'failed', 'skipped'], true]);
  });

  it('wait goes on while the server is started again', async () => {
    const store = new MemoryStore();
    const executor = new FakeExecutor().script('a', hangs(), succeeds('again'));
    const first = await startServer({ store, executor });
    const client = quickClient(first.url);
    await client.submit(graphInput({ a: [] }));
    await executor.started('a');
    const waits = vi.spyOn(first.kernel, 'wait');
    const waiting = client.wait('a');
    await vi.waitFor(() => expect(waits).toHaveBeenCalled(), 30_000);
    await first.stop();
    await startServer({ store, executor, port: first.port });
    expect(await waiting).toMatchObject({ status: 'success', result: 'again' });
  });

  it('wait ends with the reason of its signal', async () => {
    const executor = new FakeExecutor().script('a', hangs());
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    await client.submit(graphInput({ a: [] }));
    const abort = new AbortController();
    const waiting = rejection(client.wait(['a'], { signal: abort.signal }));
    await executor.started('a');
    abort.abort('no time');
    expect(await waiting).toBe('no time');
    expect(await rejection(client.get('a', { signal: AbortSignal.abort('over') }))).toBe('over');
  });

  it('cancel: the task when nothing of it runs any more', async () => {
    const executor = new FakeExecutor().script('a', hangs());
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    await client.submit(graphInput({ a: [], b: ['a'] }));
    await executor.started('a');
    expect(await client.cancel('a', { reason: 'wrong file' })).toMatchObject({
      run_status: 'cancelled',
      error: expect.stringContaining('wrong file'),
    });
    expect((await client.get('b')).status).toBe('skipped');
    expect(await client.cancel('a')).toMatchObject({ run_status: 'cancelled' });
    expect(await rejection(client.cancel('b'))).toMatchObject({ status: 409, code: 'conflict' });
  });

  it('graph, waitGraph and cancelGraph', async () => {
    const executor = new FakeExecutor().script('a', hangs());
    const { url } = await startServer({ executor });
    const client = quickClient(url);
    const { graph_id } = await client.submit(graphInput({ a: [], b: ['a'] }));
    expect(await client.graph(graph_id)).toMatchObject({ graph_id, task_ids: ['a', 'b'], done: false });
    expect((await client.waitGraph(graph_id, { timeoutMs: 20 })).done).toBe(false);
    expect(await client.cancelGraph(graph_id)).toMatchObject({ counts: { failed: 2 }, done: true });
    expect((await client.waitGraph(graph_id)).done).toBe(true);
    expect(await rejection(client.graph('nobody'))).toMatchObject({ status: 404 });
  });
});
