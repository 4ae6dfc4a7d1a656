import { ExecGoError, isExecGoError, type LiveReport, type TaskEvent, type WatchOptions } from '@execgo/core';
import { FakeExecutor, fails, graphInput, hangs, reports, succeeds, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import { createScheduler } from '../src/index.js';
import { startKernel, type TestKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

describe('wait', () => {
  it('answers a task that is terminal already, at once', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    expect(await kernel.scheduler.wait('a', { timeoutMs: 60_000 })).toMatchObject({ status: 'success' });
    expect(kernel.clock.pendingTimers).toBe(0);
  });

  it.each([
    ['success', succeeds('x')],
    ['failed', fails('denied')],
  ] as const)('answers as soon as the task is %s', async (status, then) => {
    const kernel = await startKernel();
    kernel.executor.script('a', async (attempt) => {
      await waitsForRelease()(attempt);
      return then(attempt);
    });
    await kernel.submit(graphInput({ a: [] }));
    const waits = Promise.all([kernel.scheduler.wait('a'), kernel.scheduler.wait('a', { timeoutMs: 60_000 })]);
    kernel.executor.release('a');
    for (const task of await waits) expect(task).toMatchObject({ status });
  });

  it('answers when the task is skipped or cancelled', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [], b: ['a'] }));
    const waits = Promise.all([kernel.scheduler.wait('a'), kernel.scheduler.wait('b')]);
    await kernel.scheduler.cancel('a');
    expect(await waits).toMatchObject([{ run_status: 'cancelled' }, { status: 'skipped' }]);
  });

  it('answers the task as it is when the time is over', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [] }));
    const wait = kernel.scheduler.wait('a', { timeoutMs: 100 });
    await kernel.clock.advance(100);
    expect(await wait).toMatchObject({ status: 'running' });
    expect(await kernel.clock.runUntil(kernel.scheduler.wait('a', { timeoutMs: 0 }))).toMatchObject({
      status: 'running',
    });
  });

  it('ends with its signal; the task goes on', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [] }));
    const controller = new AbortController();
    const wait = kernel.scheduler.wait('a', { signal: controller.signal });
    controller.abort(new ExecGoError('cancelled', 'client left'));
    await expect(wait).rejects.toThrow('client left');
    kernel.executor.release('a');
    expect((await kernel.end('a')).status).toBe('success');
  });

  it('an unknown task is 404', async () => {
    const kernel = await startKernel();
    expect(await refusal(kernel.scheduler.wait('nobody', { timeoutMs: 1000 }))).toMatchObject({ code: 'not_found' });
  });

  it('gives the end of the task it waited for, even if the id is submitted again right away', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease(), hangs());
    await kernel.submit(graphInput({ a: [] }));
    const wait = kernel.scheduler.wait('a');
    const again = kernel.scheduler.wait('a').then(() => kernel.scheduler.submit(graphInput({ a: [] })));
    kernel.executor.release('a', 'first');
    expect(await wait).toMatchObject({ status: 'success', result: 'first' });
    await again;
    await kernel.clock.settle();
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'pending' });
  });

  it('of a graph: as soon as all of it is terminal', async () => {
    const kernel = await startKernel();
    kernel.executor.script('b', waitsForRelease()).script('c', fails('denied'));
    const { graph_id } = await kernel.submit(graphInput({ a: [], b: ['a'], c: [], d: ['c'] }));
    const early = kernel.scheduler.graph(graph_id, { timeoutMs: 50 });
    const wait = kernel.scheduler.graph(graph_id, {});
    await kernel.clock.advance(50);
    expect(await early).toMatchObject({ done: false, counts: { success: 1, failed: 1, skipped: 1 } });
    kernel.executor.release('b');
    expect(await wait).toEqual({
      graph_id,
      counts: { success: 2, failed: 1, skipped: 1 },
      task_ids: ['a', 'b', 'c', 'd'],
      done: true,
    });
  });

  it('of a graph ends with its signal; an unknown graph is 404', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    const { graph_id } = await kernel.submit(graphInput({ a: [] }));
    await expect(kernel.scheduler.graph(graph_id, { signal: AbortSignal.abort('left') })).rejects.toBe('left');
    expect(await refusal(kernel.scheduler.graph('nothing', {}))).toMatchObject({ code: 'not_found' });
  });
});

/** What a watch gives until it is told to end. */
function collect(kernel: TestKernel, options: WatchOptions = {}) {
  const controller = new AbortController();
  const items: (TaskEvent | LiveReport)[] = [];
  const done = (async () => {
    for await (const item of kernel.scheduler.watch({ ...options, signal: controller.signal })) items.push(item);
  })();
  const end = async () => {
    await kernel.clock.settle();
    controller.abort();
    await done;
    return items;
  };
  return { items, end };
}

describe('watch', () => {
  it('gives events from now on, each as it becomes durable, with seq, type, task, graph and time', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ before: [] }));
    const { end } = collect(kernel);
    const { graph_id } = await kernel.submit(graphInput({ a: [] }), { actor: 'me' });
    const timestamp = kernel.clock.now();
    expect(await end()).toMatchObject([
      { seq: 5, type: 'graph_submitted', graph_id, timestamp, actor: 'me' },
      { seq: 6, type: 'task_submitted', task_id: 'a', graph_id, timestamp },
      { seq: 7, type: 'task_started', task_id: 'a', graph_id, timestamp, attempt: 1 },
      { seq: 8, type: 'task_succeeded', task_id: 'a', graph_id, timestamp },
    ]);
  });

  it('gives events after a seq, then new ones, without gap or repeat', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [], b: ['a'] }));
    const { end } = collect(kernel, { after: 2 });
    await kernel.run(graphInput({ c: [] }));
    const seqs = (await end()).map((item) => ('seq' in item ? item.seq : item.type));
    expect(seqs).toEqual(kernel.store.journal.slice(2).map(({ seq }) => seq));
  });

  it('resumes across a restart of the server without gap or repeat', async () => {
    const before = await startKernel();
    before.executor.script('b', hangs());
    const first = collect(before);
    await before.submit(graphInput({ a: [], b: ['a'] }));
    await before.clock.advance(20);
    const seen = await first.end();
    const last = seen.at(-1) as TaskEvent;
    const after = await startKernel({ journal: before.crash() });
    const { end } = collect(after, { after: last.seq });
    await after.end('b');
    const seqs = [...seen, ...(await end())].map((item) => (item as TaskEvent).seq);
    expect(seqs).toEqual(after.store.journal.map(({ seq }) => seq));
  });

  it('of one task, of one graph, and with a limit', async () => {
    const kernel = await startKernel();
    const { graph_id } = await kernel.submit(graphInput({ a: [], b: [] }));
    await kernel.run(graphInput({ c: [] }));
    const ofTask = await collect(kernel, { after: 0, task_id: 'b' }).end();
    expect(ofTask.map(({ type }) => type)).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
    const ofGraph = await collect(kernel, { after: 0, graph_id }).end();
    expect(ofGraph).toHaveLength(7);
    const limited: unknown[] = [];
    for await (const item of kernel.scheduler.watch({ after: 0, limit: 2 })) limited.push(item);
    expect(limited).toHaveLength(2);
  });

  it('gives live reports too, at once, where they are asked for', async () => {
    const kernel = await startKernel();
    const live = collect(kernel, { live: true });
    const plain = collect(kernel);
    await kernel.clock.settle();
    kernel.executor.script('a', reports(['half'], waitsForRelease()));
    const { graph_id } = await kernel.submit(graphInput({ a: [] }));
    expect(live.items.at(-1)).toEqual({
      type: 'task_progressed',
      task_id: 'a',
      graph_id,
      attempt: 1,
      timestamp: kernel.clock.now(),
      message: 'half',
    });
    expect((await plain.end()).map(({ type }) => type)).toEqual(['graph_submitted', 'task_submitted']);
    kernel.executor.release('a');
    await kernel.end('a');
    await live.end();
  });

  it('nobody waits for a watcher that does not read', async () => {
    const kernel = await startKernel({ maxTasksPerGraph: 20_000 });
    const stream = kernel.scheduler.watch({ after: 0 })[Symbol.asyncIterator]();
    await kernel.run(graphInput(Array.from({ length: 6000 }, (_, at) => taskInput({ id: `t${at}` }))));
    let expected = 1;
    for (; expected <= 18_001; expected += 1) expect(((await stream.next()).value as TaskEvent).seq).toBe(expected);
    await stream.return?.();
  });

  it('events gives what is kept, once, and ends', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    const types: string[] = [];
    for await (const { type } of kernel.scheduler.events({ task_id: 'a' })) types.push(type);
    expect(types).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
  });
});

describe('get, list, tools, stats, health', () => {
  it('an unknown task is "task not found: <id>"', async () => {
    const kernel = await startKernel();
    const error: unknown = await kernel.scheduler.get('no/body').catch((reason: unknown) => reason);
    expect(isExecGoError(error, 'not_found') && error.message).toBe('task not found: no/body');
  });

  it('list filters, newest first, in pages', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [], b: [], c: [] }));
    const first = await kernel.scheduler.list({ limit: 2, status: 'success' });
    expect(first.tasks.map(({ id }) => id)).toEqual(['c', 'b']);
    const second = await kernel.scheduler.list({ limit: 2, status: 'success', before: first.next ?? 0 });
    expect(second.tasks.map(({ id }) => id)).toEqual(['a']);
  });

  it('tools are those of all executors, with their category', async () => {
    const kernel = await startKernel();
    expect(await kernel.scheduler.tools()).toMatchObject([{ category: 'os', name: 'fake' }]);
  });

  it('tools are not asked for before the start: an executor may have to clear up first', async () => {
    const scheduler = createScheduler({ executors: [new FakeExecutor()] });
    await expect(scheduler.tools()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('stats count since the start, by normalised type', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied')).script('r', fails(), succeeds());
    await kernel.run(
      graphInput([
        taskInput(),
        taskInput({ id: 'b', depends_on: ['a'] }),
        taskInput({ id: 'r', type: 'shell', retry: 1 }),
      ]),
    );
    expect(kernel.scheduler.stats()).toMatchObject({
      submitted: 3,
      succeeded: 1,
      failed: 1,
      skipped: 1,
      retried: 1,
      byType: { os: 3 },
      running: 0,
      ready: 0,
      unfinished: 0,
      uncommittedBytes: 0,
    });
  });

  it('health names the executor that would fail', async () => {
    const kernel = await startKernel();
    expect(await kernel.scheduler.health()).toEqual({ state: 'ok', problems: {} });
    Object.assign(kernel.executor, { health: () => Promise.reject(new TypeError('no shell')) });
    expect(await kernel.scheduler.health()).toEqual({ state: 'ok', problems: { os: 'no shell' } });
  });

  it('health waits a second for an executor, and asks it once for all who want to know', async () => {
    const kernel = await startKernel();
    const health = vi.fn(() => new Promise<void>(() => {}));
    Object.assign(kernel.executor, { health });
    const asked = [kernel.scheduler.health(), kernel.scheduler.health()];
    await kernel.clock.advance(1000);
    const silent = { state: 'ok', problems: { os: 'did not answer within 1000 ms' } };
    expect(await Promise.all(asked)).toEqual([silent, silent]);
    expect(health).toHaveBeenCalledTimes(1);
  });
});
