import { MemoryStore, type Task } from '@execgo/core';
import { FakeExecutor, fails, graphInput, hangs, ignoresAbort, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { createScheduler } from '../src/index.js';
import { JournalStore } from './support/journal-store.js';
import { errorOf, newKernel, startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

describe('stop', () => {
  it('starts nothing new, and lets what runs go on for the grace', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [], b: [] }));
    const stopped = kernel.scheduler.stop({ graceMs: 5000 });
    await kernel.clock.advance(4999);
    expect(kernel.executor.running).toEqual(['a']);
    kernel.executor.release('a', 'in time');
    await stopped;
    expect(kernel.executor.startsOf('b')).toBe(0);
    expect(kernel.executor.closed).toBe(true);
    expect(kernel.store.closed).toBe(1);
    const next = await startKernel({ journal: kernel.store.journal });
    expect(await next.stored('a')).toMatchObject({ status: 'success', result: 'in time' });
    expect((await next.end('b')).status).toBe('success');
    expect(next.executor.startsOf('a')).toBe(0);
  });

  it('does not wait for the grace when nothing runs', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    await kernel.scheduler.stop({ graceMs: 3_600_000 });
    expect(kernel.clock.pendingTimers).toBe(0);
  });

  it('aborts what still runs after the grace: it is not failed, but pending, and runs again at the next start', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput([taskInput({ retry: 1 }), taskInput({ id: 'b', depends_on: ['a'] })]));
    const stopped = kernel.scheduler.stop({ graceMs: 5000 });
    await kernel.clock.advance(5000);
    await stopped;
    expect(kernel.history('a')).toEqual(['task_submitted', 'task_started', 'task_reset']);
    const executor = new FakeExecutor().script('a', fails());
    const next = await startKernel({ journal: kernel.store.journal, executor });
    expect(next.recovered).toEqual({ unfinished: 2, interrupted: 0 });
    const task = await next.end('a');
    expect(next.executor.startsOf('a')).toBe(2);
    expect(task.runtime?.attempt).toBe(2);
  });

  it('only on_interrupt "fail" makes an aborted task failed, unknown', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(
      graphInput([taskInput({ on_interrupt: 'fail', retry: 5 }), taskInput({ id: 'b', depends_on: ['a'] })]),
    );
    await kernel.stop();
    const next = await startKernel({ journal: kernel.store.journal });
    expect(errorOf(await next.stored('a'))).toMatchObject({ code: 'unknown', source: 'scheduler' });
    expect(await next.stored('b')).toMatchObject({ status: 'skipped' });
  });

  it('a success that comes after the signal counts', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput({ a: [] }));
    const stopped = kernel.scheduler.stop({ graceMs: 100 });
    await kernel.clock.advance(2000);
    kernel.executor.release('a', 'late');
    await stopped;
    expect(kernel.history('a').at(-1)).toBe('task_succeeded');
  });

  it('ends also when an executor ignores its signal: after 10 s', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput({ a: [] }));
    const stopped = kernel.scheduler.stop({ graceMs: 100 });
    await kernel.clock.advance(10_100);
    await stopped;
    expect(kernel.history('a').at(-1)).toBe('task_reset');
    kernel.executor.release('a');
  });

  it('a task that waits for its next attempt has it after the next start', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails());
    await kernel.submit(graphInput([taskInput({ retry: 1 })]));
    await kernel.stop();
    const next = await startKernel({ journal: kernel.store.journal, clock: kernel.clock });
    expect(next.executor.startsOf('a')).toBe(0);
    expect((await next.end('a')).runtime?.attempt).toBe(2);
  });

  it('refuses submissions, cancels and waits for unfinished tasks from its call on; reads go on until the end', async () => {
    const kernel = await startKernel();
    kernel.executor.script('b', waitsForRelease());
    const { graph_id } = await kernel.submit(graphInput({ a: [], b: [] }));
    const stopped = kernel.scheduler.stop({ graceMs: 5000 });
    const refused = [
      kernel.scheduler.submit(graphInput({ c: [] })),
      kernel.scheduler.cancel('b'),
      kernel.scheduler.remove('a'),
      kernel.scheduler.cancelGraph(graph_id),
      kernel.scheduler.wait('b'),
      kernel.scheduler.graph(graph_id, {}),
    ];
    for (const call of refused) expect(await refusal(call)).toMatchObject({ code: 'unavailable' });
    expect(await kernel.scheduler.health()).toMatchObject({ state: 'stopping' });
    expect(await kernel.scheduler.wait('a')).toMatchObject({ status: 'success' });
    expect((await kernel.scheduler.list({})).tasks).toHaveLength(2);
    kernel.executor.release('b');
    await stopped;
    expect(await refusal(kernel.scheduler.get('a'))).toMatchObject({ code: 'unavailable' });
  });

  it('waits under way are answered when their task ends in the grace, and refused at the end', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease()).script('b', hangs());
    const { graph_id } = await kernel.submit(graphInput({ a: [], b: [] }));
    const waits = [kernel.scheduler.wait('a'), kernel.scheduler.wait('b'), kernel.scheduler.graph(graph_id, {})];
    const outcomes = Promise.allSettled(waits);
    const stopped = kernel.scheduler.stop({ graceMs: 1000 });
    kernel.executor.release('a', 'done');
    await kernel.clock.advance(1000);
    await stopped;
    const [first, second, third] = await outcomes;
    expect((first as PromiseFulfilledResult<Task>).value).toMatchObject({ status: 'success' });
    expect((second as PromiseRejectedResult).reason).toMatchObject({ code: 'unavailable' });
    expect((third as PromiseRejectedResult).reason).toMatchObject({ code: 'unavailable' });
  });

  it('ends every watch', async () => {
    const kernel = await startKernel();
    const watching = (async () => {
      for await (const _ of kernel.scheduler.watch()) expect.unreachable();
    })();
    await kernel.stop();
    await watching;
  });

  it('calls share one end', async () => {
    const kernel = await startKernel();
    const calls = [kernel.scheduler.stop({ graceMs: 0 }), kernel.scheduler.stop({ graceMs: 99_999 })];
    expect(calls[0]).toBe(calls[1]);
    await Promise.all(calls);
    expect(kernel.store.closed).toBe(1);
  });

  it.each(['submit', 'remove'] as const)(
    'a %s under way is refused at the end, and the store is not written to after it',
    async (call) => {
      const failures: unknown[] = [];
      const kernel = await startKernel({ onFailure: (error) => failures.push(error) });
      let goOn: () => void = () => {};
      const later = () => new Promise<never>((resolve) => (goOn = resolve as () => void));
      await kernel.run(graphInput({ a: [] }));
      const { getMany } = kernel.store;
      if (call === 'submit') kernel.executor.check = later;
      else kernel.store.getMany = (ids) => later().then(() => getMany.call(kernel.store, ids));
      const underWay = refusal(
        call === 'submit' ? kernel.scheduler.submit(graphInput({ b: [] })) : kernel.scheduler.remove('a'),
      );
      await kernel.clock.settle();
      await kernel.stop();
      const appends = kernel.store.appends.length;
      goOn();
      expect(await underWay).toMatchObject({ code: 'unavailable' });
      expect(kernel.store.appends).toHaveLength(appends);
      expect(failures).toEqual([]);
    },
  );

  it('before start is the end of it', async () => {
    const { scheduler, store } = newKernel();
    await scheduler.stop();
    expect(await refusal(scheduler.start())).toMatchObject({ code: 'conflict' });
    expect(store.closed).toBe(0);
  });

  it('while it starts: recovery comes to its end, and nothing runs', async () => {
    const before = await startKernel();
    before.executor.script('a', hangs());
    await before.submit(graphInput({ a: [] }));
    const kernel = newKernel({ journal: before.crash() });
    const started = kernel.scheduler.start();
    const stopped = kernel.scheduler.stop({ graceMs: 1000 });
    await kernel.clock.runUntil(Promise.all([started, stopped]));
    expect(await kernel.scheduler.health()).toMatchObject({ state: 'stopping' });
    expect(kernel.executor.record).toEqual([]);
    expect(kernel.store.closed).toBe(1);
    expect(await refusal(kernel.scheduler.get('a'))).toMatchObject({ code: 'unavailable' });
  });
});

describe('start', () => {
  it('can be called once', async () => {
    const kernel = await startKernel();
    expect(await refusal(kernel.scheduler.start())).toMatchObject({ code: 'conflict' });
  });

  it('nothing is answered before it', async () => {
    const { scheduler } = newKernel();
    expect(await refusal(scheduler.get('a'))).toMatchObject({ code: 'unavailable' });
    expect(await refusal(scheduler.submit(graphInput({ a: [] })))).toMatchObject({ code: 'unavailable' });
    expect(await scheduler.health()).toEqual({ state: 'starting', problems: {} });
  });

  it('opens the store, then the executors with its id, before anything runs', async () => {
    const before = await startKernel();
    await before.scheduler.submit(graphInput({ a: [] }));
    const kernel = newKernel({ journal: before.crash() });
    const order: string[] = [];
    kernel.executor.open = async ({ storeId }) => {
      order.push(`open ${storeId}, ${(await kernel.store.getMany(['a'])).length} task`);
    };
    kernel.executor.script('a', async () => order.push('run'));
    await kernel.clock.runUntil(kernel.scheduler.start());
    await kernel.end('a');
    expect(order).toEqual(['open journal, 1 task', 'run']);
    await kernel.stop();
  });

  it('what the store or an executor refuses to open with is its error, and all are closed again', async () => {
    const kernel = newKernel();
    kernel.executor.open = () => Promise.reject(new TypeError('no such program'));
    await expect(kernel.scheduler.start()).rejects.toThrow('no such program');
    expect(kernel.store.closed).toBe(1);
    expect(kernel.executor.closed).toBe(true);
    await kernel.scheduler.stop();
    expect(kernel.store.closed).toBe(1);
  });

  it('works with the machine clock and a store in memory, which are the defaults', async () => {
    const scheduler = createScheduler({ executors: [new FakeExecutor()] });
    await scheduler.start();
    await scheduler.submit(graphInput({ a: [], b: ['a'] }));
    expect(await scheduler.wait('b', { timeoutMs: 5000 })).toMatchObject({ status: 'success' });
    await scheduler.stop();
  });
});

describe('a store that refuses to write', () => {
  async function failing() {
    const failures: unknown[] = [];
    const kernel = await startKernel({ store: new JournalStore(), onFailure: (error) => failures.push(error) });
    kernel.executor.script('running', hangs()).script('done', waitsForRelease());
    await kernel.submit(graphInput({ early: [], running: [], done: [], child: ['done'] }));
    return { kernel, failures };
  }

  it('ends it: nothing starts, attempts are aborted, onFailure is called once', async () => {
    const { kernel, failures } = await failing();
    kernel.store.refuse();
    kernel.executor.release('done');
    await kernel.clock.advance(1000);
    expect(kernel.executor.running).toEqual([]);
    expect(kernel.executor.startsOf('child')).toBe(0);
    expect(failures).toMatchObject([
      { code: 'unavailable', message: 'the store refused to write: no space left on device' },
    ]);
    expect(await kernel.scheduler.health()).toMatchObject({
      state: 'failed',
      problems: { store: 'the store refused to write: no space left on device' },
    });
  });

  it('waiters and submitters get unavailable, those to come as well; nobody is told what is not durable', async () => {
    const { kernel } = await failing();
    const waits = ['done', 'child'].map((id) => refusal(kernel.scheduler.wait(id)));
    kernel.store.refuse();
    const submitted = refusal(kernel.scheduler.submit(graphInput({ x: [] })));
    kernel.executor.release('done');
    await kernel.clock.settle();
    for (const call of [...waits, submitted]) expect(await call).toMatchObject({ code: 'unavailable' });
    for (const call of [
      kernel.scheduler.submit(graphInput({ y: [] })),
      kernel.scheduler.wait('done'),
      kernel.scheduler.cancel('running'),
      kernel.scheduler.remove('early'),
    ]) {
      expect(await refusal(call)).toMatchObject({ code: 'unavailable' });
    }
    expect(await kernel.scheduler.get('done')).toMatchObject({ status: 'running' });
  });

  it('reads go on', async () => {
    const { kernel } = await failing();
    kernel.store.refuse();
    await refusal(kernel.scheduler.submit(graphInput({ x: [] })));
    expect(await kernel.scheduler.get('early')).toMatchObject({ status: 'success' });
    expect(await kernel.scheduler.wait('early')).toMatchObject({ status: 'success' });
    expect((await kernel.scheduler.list({})).tasks).toHaveLength(4);
    const events = [];
    for await (const event of kernel.scheduler.events({ task_id: 'early' })) events.push(event.type);
    expect(events).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
  });

  it('stop waits for what still runs, and only then closes the executors', async () => {
    const { kernel } = await failing();
    kernel.executor.script('slow', ignoresAbort());
    await kernel.submit(graphInput({ slow: [] }));
    kernel.store.refuse();
    await refusal(kernel.scheduler.submit(graphInput({ x: [] })));
    const stopped = kernel.scheduler.stop();
    await kernel.clock.advance(5000);
    expect(kernel.executor.closed).toBe(false);
    kernel.executor.release('slow');
    await stopped;
    expect(kernel.executor.closed).toBe(true);
  });

  it('what was running runs again at the next start', async () => {
    const { kernel } = await failing();
    kernel.store.refuse();
    kernel.executor.release('done');
    await kernel.clock.advance(100);
    const next = await startKernel({ journal: kernel.store.journal });
    expect(next.recovered?.unfinished).toBe(3);
    expect(await next.end('child')).toMatchObject({ status: 'success' });
    expect(next.executor.startsOf('done')).toBe(1);
  });

  it('at recovery is the error of start', async () => {
    const before = await startKernel();
    before.executor.script('a', hangs());
    await before.submit(graphInput({ a: [] }));
    await before.clock.advance(20);
    const kernel = newKernel({ journal: before.crash() });
    kernel.store.refuse();
    expect(await refusal(kernel.clock.runUntil(kernel.scheduler.start()))).toMatchObject({ code: 'unavailable' });
    expect(kernel.executor.record).toEqual([]);
    expect(kernel.store.closed).toBe(1);
  });
});

it('a MemoryStore can be opened by the next scheduler', async () => {
  const store = new MemoryStore();
  const first = createScheduler({ executors: [new FakeExecutor()], store });
  await first.start();
  await first.submit(graphInput({ a: [] }));
  await first.wait('a');
  await first.stop();
  const second = createScheduler({ executors: [new FakeExecutor()], store });
  await second.start();
  expect(await second.get('a')).toMatchObject({ status: 'success' });
  await second.submit(graphInput({ b: ['a'] }));
  expect(await second.wait('b')).toMatchObject({ status: 'success' });
  await second.stop();
});
