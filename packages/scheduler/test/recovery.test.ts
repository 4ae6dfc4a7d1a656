import { ExecGoError, isTerminal } from '@execgo/core';
import {
  accepts,
  type Behaviour,
  EventSequence,
  FakeClock,
  FakeExecutor,
  fails,
  graphInput,
  hangs,
  spec,
  succeeds,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import type { Journal } from './support/journal-store.js';
import { errorOf, type KernelSetup, startKernel, type TestKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

/** A life in which these tasks were submitted, and time enough went by for what runs to be known as running. */
async function lifeWith(tasks: Parameters<typeof graphInput>[0], setup: KernelSetup = {}): Promise<TestKernel> {
  const kernel = await startKernel(setup);
  await kernel.submit(graphInput(tasks));
  await kernel.clock.advance(20);
  return kernel;
}

describe('recovery', () => {
  it('a task found running is pending again and runs again; the crash consumes no retry', async () => {
    const before = await lifeWith([taskInput({ retry: 1 })], { executor: new FakeExecutor({ otherwise: hangs() }) });
    const executor = new FakeExecutor({ otherwise: fails() });
    const after = await startKernel({ journal: before.crash(), executor });
    expect(after.recovered).toEqual({ unfinished: 1, interrupted: 1 });
    expect((await after.end('a')).runtime?.attempt).toBe(2);
    expect(executor.record.filter(({ kind }) => kind === 'start').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(after.history('a')).toContain('task_reset');
  });

  it('what an earlier life accepted is checked again: what is not allowed any more does not run', async () => {
    const before = await lifeWith({ a: [], b: [] }, { executor: new FakeExecutor({ otherwise: hangs() }) });
    const executor = new FakeExecutor({
      check: ({ id }) => {
        if (id === 'a') throw new ExecGoError('denied', 'not under this policy');
      },
    });
    const after = await startKernel({ journal: before.crash(), executor });
    expect(errorOf(await after.end('a'))).toMatchObject({ code: 'denied', message: 'not under this policy' });
    expect(await after.end('b')).toMatchObject({ status: 'success' });
    expect(executor.startsOf('a')).toBe(0);
  });

  it('everything unfinished goes on, in order: nothing is forgotten, nothing finished runs again', async () => {
    const executor = new FakeExecutor().script('b', hangs());
    const before = await lifeWith({ a: [], b: ['a'], c: ['b'], d: ['a', 'c'] }, { executor });
    await before.submit(graphInput({ x: ['c'], y: ['x', 'a'] }));
    const after = await startKernel({ journal: before.crash() });
    expect((await after.end('y')).status).toBe('success');
    expect((await after.end('d')).status).toBe('success');
    const starts = after.executor.record.filter(({ kind }) => kind === 'start').map(({ task }) => task);
    expect(starts[0]).toBe('b');
    expect(starts[1]).toBe('c');
    expect(starts.slice(2).sort()).toEqual(['d', 'x', 'y']);
  });

  it('on_interrupt "fail": a task found running is failed with unknown, and what depends on it skipped', async () => {
    const executor = new FakeExecutor({ otherwise: hangs() });
    const tasks = [taskInput({ on_interrupt: 'fail', retry: 5 }), taskInput({ id: 'b', depends_on: ['a'] })];
    const before = await lifeWith(tasks, { executor });
    expect(before.executor.startsOf('a')).toBe(1);
    const after = await startKernel({ journal: before.crash() });
    expect(errorOf(await after.stored('a'))).toMatchObject({ code: 'unknown' });
    expect(await after.stored('b')).toMatchObject({ status: 'skipped', error: 'dependency a failed' });
    expect(after.executor.record).toEqual([]);
  });

  it('on_interrupt "fail": a task that had not begun runs', async () => {
    const executor = new FakeExecutor({ otherwise: hangs() });
    const before = await lifeWith([taskInput(), taskInput({ id: 'b', on_interrupt: 'fail', depends_on: ['a'] })], {
      executor,
    });
    const after = await startKernel({ journal: before.crash() });
    expect((await after.end('b')).status).toBe('success');
  });

  it('a task that was running in three crashes in a row is failed with unknown', async () => {
    let journal: Journal = [];
    const running = async () => {
      const kernel = await startKernel({ journal, executor: new FakeExecutor({ otherwise: hangs() }) });
      if (journal.length === 0) await kernel.submit(graphInput({ a: [], b: ['a'] }));
      await kernel.clock.advance(20);
      return kernel;
    };
    for (let crash = 1; crash <= 2; crash += 1) {
      const kernel = await running();
      expect(kernel.executor.running).toEqual(['a']);
      journal = kernel.crash();
    }
    const third = await running();
    expect(third.executor.running).toEqual(['a']);
    const last = await startKernel({ journal: third.crash() });
    expect(errorOf(await last.stored('a'))).toMatchObject({
      code: 'unknown',
      message: 'the server crashed 3 times in a row while this task ran',
    });
    expect(await last.stored('b')).toMatchObject({ status: 'skipped' });
    expect(last.executor.record).toEqual([]);
  });

  it('a failed attempt in between begins the count of crashes anew', async () => {
    let journal: Journal = [];
    for (let life = 0; life < 5; life += 1) {
      const executor = new FakeExecutor({ otherwise: hangs() });
      if (life === 2) executor.script('a', fails(), hangs());
      const kernel = await startKernel({ journal, executor });
      if (life === 0) await kernel.submit(graphInput([taskInput({ retry: 9 })]));
      await kernel.clock.advance(20);
      if (life === 2) await kernel.clock.advance(120);
      expect(executor.running).toEqual(['a']);
      journal = kernel.crash();
    }
  });

  it('a waiting retry waits until its not_before, counted from the failure', async () => {
    const executor = new FakeExecutor({ otherwise: fails() });
    const before = await startKernel({ executor });
    await before.submit(graphInput([taskInput({ retry: 5 })]));
    await before.clock.advance(100 + 200 + 150);
    expect(executor.startsOf('a')).toBe(3);
    const after = await startKernel({ journal: before.crash(), clock: before.clock });
    await after.clock.advance(249);
    expect(after.executor.startsOf('a')).toBe(0);
    await after.clock.advance(1);
    expect(after.executor.startsOf('a')).toBe(1);
    expect((await after.end('a')).runtime?.attempt).toBe(4);
  });

  it('a waiting retry whose time has passed meanwhile runs at once', async () => {
    const before = await startKernel({ executor: new FakeExecutor({ otherwise: fails() }) });
    await before.submit(graphInput([taskInput({ retry: 5 })]));
    const clock = new FakeClock({ startMs: before.clock.now() + 3_600_000 });
    const after = await startKernel({ journal: before.crash(), clock });
    expect(after.executor.startsOf('a')).toBe(1);
  });

  it('a waiting retry waits no longer than the longest back-off, even if the clock was set back', async () => {
    const before = await startKernel({ executor: new FakeExecutor({ otherwise: fails() }) });
    await before.submit(graphInput([taskInput({ retry: 5 })]));
    const clock = new FakeClock({ startMs: before.clock.now() - 365 * 86_400_000 });
    const after = await startKernel({ journal: before.crash(), clock });
    await after.clock.advance(10_000);
    expect(after.executor.startsOf('a')).toBe(1);
  });

  it('an accepted handle is given back to the next attempt, once', async () => {
    const before = await lifeWith({ a: [] }, { executor: new FakeExecutor({ otherwise: accepts('h1', hangs()) }) });
    const handles: unknown[] = [];
    const noting: Behaviour = async ({ run }) => {
      handles.push(run.handle);
      throw new Error('again');
    };
    const executor = new FakeExecutor({ otherwise: noting });
    const journal = before.crash();
    const submitted = journal.find((event) => event.type === 'task_submitted');
    // As if it had been submitted with a retry.
    journal[journal.indexOf(submitted as (typeof journal)[number])] = {
      ...submitted,
      spec: spec({ id: 'a', retry: 1 }),
    } as never;
    const after = await startKernel({ journal, executor });
    await after.end('a');
    expect(handles).toEqual(['h1', undefined]);
  });

  it('without resume, tasks are held as pending; they can be cancelled, and the next start with resume runs them', async () => {
    const executor = new FakeExecutor({ otherwise: hangs() });
    const before = await lifeWith({ a: [], b: ['a'], c: [] }, { executor });
    const held = await startKernel({ journal: before.crash(), resume: false });
    await held.clock.advance(60_000);
    expect(held.executor.record).toEqual([]);
    expect(await held.stored('a')).toMatchObject({ status: 'pending' });
    expect(await held.scheduler.cancel('c')).toMatchObject({ run_status: 'cancelled' });
    expect((await held.run(graphInput({ fresh: [] }))).get('fresh')?.status).toBe('success');
    await held.submit(graphInput({ 'after b': ['b'] }));
    expect(held.executor.startsOf('after b')).toBe(0);
    await held.stop();
    const resumed = await startKernel({ journal: held.store.journal });
    expect((await resumed.end('after b')).status).toBe('success');
  });

  it('without resume, a waiting retry is held too', async () => {
    const before = await startKernel({ executor: new FakeExecutor({ otherwise: fails() }) });
    await before.submit(graphInput([taskInput({ retry: 5 })]));
    const held = await startKernel({ journal: before.crash(), resume: false, clock: before.clock });
    await held.clock.advance(60_000);
    expect(held.executor.record).toEqual([]);
  });

  it('the resets are durable before anything runs, and before start resolves', async () => {
    const before = await lifeWith({ a: [] }, { executor: new FakeExecutor({ otherwise: hangs() }) });
    const journal = before.crash();
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({ journal: [...journal], executor });
    expect(kernel.store.journal[journal.length]).toMatchObject({ type: 'task_reset', reason: 'crash' });
    expect(kernel.store.appends[0]).toHaveLength(1);
    expect(await refusal(kernel.submit(graphInput({ a: [] })))).toMatchObject({ code: 'conflict' });
    executor.release('a');
  });

  it('a pinned dependency stays pinned across a restart', async () => {
    const executor = new FakeExecutor().script('b', hangs());
    const before = await lifeWith({ a: [], b: ['a'] }, { executor });
    const after = await startKernel({
      journal: before.crash(),
      executor: new FakeExecutor({ otherwise: waitsForRelease() }),
    });
    expect((await refusal(after.scheduler.remove('a'))).message).toContain('"b" depends on it');
    after.executor.release('b');
    await after.end('b');
    await after.scheduler.remove('a');
    expect(after.scheduler.stats().unfinished).toBe(0);
  });

  it('references are resolved from results of the earlier life', async () => {
    const executor = new FakeExecutor().script('a', succeeds({ n: 5 })).script('b', hangs());
    const tasks = [taskInput(), taskInput({ id: 'b', input: { x: { $from: 'a', pointer: '/n' } }, depends_on: ['a'] })];
    const before = await lifeWith(tasks, { executor });
    let given: unknown;
    const next = new FakeExecutor().script('b', async ({ task }) => {
      given = task.input;
    });
    const after = await startKernel({ journal: before.crash(), executor: next });
    await after.end('b');
    expect(given).toEqual({ x: 5 });
  });

  it('seqs go on without gap or repeat', async () => {
    const before = await lifeWith({ a: [], b: ['a'] }, { executor: new FakeExecutor({ otherwise: hangs() }) });
    const after = await startKernel({ journal: before.crash() });
    await after.end('b');
    expect(after.store.journal.map(({ seq }) => seq)).toEqual(after.store.journal.map((_, at) => at + 1));
  });

  it('a state that gives no promise of cascaded skips: a task whose dependency failed, was skipped or is gone is skipped', async () => {
    const make = new EventSequence();
    const journal: Journal = [
      make.graph('old'),
      make.submitted('failed'),
      make.failed('failed'),
      make.submitted('skipped'),
      make.skipped('skipped', 'failed'),
      ...['failed', 'skipped', 'gone'].map((id) => make.submitted(spec({ id: `after ${id}`, depends_on: [id] }))),
      make.submitted(spec({ id: 'last', depends_on: ['after gone'] })),
    ];
    const kernel = await startKernel({ journal });
    const errors = await Promise.all(
      ['after failed', 'after skipped', 'after gone', 'last'].map(async (id) => (await kernel.stored(id))?.error),
    );
    expect(errors).toEqual([
      'dependency failed failed',
      'dependency skipped skipped',
      'dependency gone failed',
      'dependency after gone skipped',
    ]);
    expect(kernel.scheduler.stats().unfinished).toBe(0);
  });

  it('an empty store is a fresh start', async () => {
    const kernel = await startKernel();
    expect(kernel.recovered).toEqual({ unfinished: 0, interrupted: 0 });
    expect(kernel.store.appends).toEqual([]);
  });

  it('of an append that was not acknowledged, all or nothing comes back', async () => {
    for (const durable of [0, 1]) {
      const kernel = await startKernel();
      kernel.store.hold();
      void kernel.scheduler.submit(graphInput({ a: [], b: ['a'] }));
      await kernel.clock.settle();
      const after = await startKernel({ journal: kernel.crash(durable) });
      expect(after.recovered?.unfinished).toBe(durable * 2);
      if (durable === 1) expect((await after.end('b')).status).toBe('success');
    }
  });

  it('a graph is known after a restart: its counts, its end, its cancel', async () => {
    const executor = new FakeExecutor().script('b', hangs());
    const before = await startKernel({ executor });
    const { graph_id } = await before.submit(graphInput({ a: [], b: ['a'], c: ['b'] }));
    const after = await startKernel({
      journal: before.crash(),
      executor: new FakeExecutor({ otherwise: waitsForRelease() }),
    });
    const waiting = after.scheduler.graph(graph_id, {});
    expect(await after.scheduler.graph(graph_id)).toMatchObject({ task_ids: ['a', 'b', 'c'], done: false });
    await after.scheduler.cancelGraph(graph_id);
    const summary = await waiting;
    expect(summary.done).toBe(true);
    expect((await after.scheduler.list({ graph_id })).tasks.every(({ status }) => isTerminal(status))).toBe(true);
  });
});
