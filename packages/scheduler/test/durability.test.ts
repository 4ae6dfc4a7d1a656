import type { LiveReport, TaskEvent } from '@execgo/core';
import { accepts, FakeExecutor, fails, graphInput, hangs, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, startKernel } from './support/kernel.js';

/** Whether a promise has settled by now. */
function watched(promise: Promise<unknown>) {
  const state = { settled: false };
  const note = () => {
    state.settled = true;
  };
  promise.then(note, note);
  return state;
}

describe('nothing is visible before it is durable', () => {
  it('no receipt: a submission is answered, and its tasks begin, when it is durable', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const submitted = kernel.scheduler.submit(graphInput({ a: [] }));
    const answer = watched(submitted);
    await kernel.clock.advance(1000);
    expect(answer.settled).toBe(false);
    expect(kernel.executor.record).toEqual([]);
    await kernel.store.release();
    await submitted;
    expect((await kernel.end('a')).status).toBe('success');
  });

  it('no dependent starts, no wait is answered, nothing is shown or streamed', async () => {
    const kernel = await startKernel();
    const controller = new AbortController();
    const streamed: (TaskEvent | LiveReport)['type'][] = [];
    const listening = (async () => {
      for await (const { type } of kernel.scheduler.watch({ signal: controller.signal })) streamed.push(type);
    })();
    kernel.executor.script('a', waitsForRelease());
    const { graph_id } = await kernel.submit(graphInput({ a: [], b: ['a'] }));
    await kernel.clock.advance(20);
    const before = streamed.slice();
    kernel.store.hold();
    kernel.executor.release('a', 'done');
    const waits = [watched(kernel.scheduler.wait('a')), watched(kernel.scheduler.graph(graph_id, {}))];
    await kernel.clock.advance(10_000);
    expect(kernel.executor.startsOf('b')).toBe(0);
    expect(waits.map(({ settled }) => settled)).toEqual([false, false]);
    expect(streamed).toEqual(before);
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'running', result: undefined });
    expect((await kernel.scheduler.list({ status: 'success' })).tasks).toEqual([]);
    expect(kernel.scheduler.stats()).toMatchObject({ succeeded: 0, running: 0, unfinished: 2 });
    await kernel.store.release();
    await kernel.end('b');
    await kernel.clock.settle();
    expect(streamed.slice(before.length)).toEqual(['task_succeeded', 'task_started', 'task_succeeded']);
    controller.abort();
    await listening;
  });

  it('no skip is shown, and no retry', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease()).script('c', waitsForRelease());
    await kernel.submit(
      graphInput([taskInput(), taskInput({ id: 'b', depends_on: ['a'] }), taskInput({ id: 'c', retry: 1 })]),
    );
    kernel.store.hold();
    const failure = await fails('denied')({} as never).catch((error: unknown) => error);
    kernel.executor.release('a', failure);
    kernel.executor.release('c', await fails()({} as never).catch((error: unknown) => error));
    await kernel.clock.settle();
    for (const id of ['a', 'b', 'c']) expect((await kernel.stored(id))?.error).toBeUndefined();
    await kernel.store.release();
    await kernel.clock.settle();
    expect(await kernel.stored('b')).toMatchObject({ status: 'skipped' });
  });
});

describe('task_started', () => {
  it('an attempt begins before its start is durable; the event rides the next append', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [] }));
    expect(kernel.executor.running).toEqual(['a']);
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'pending' });
    expect(kernel.store.appends).toHaveLength(1);
    await kernel.submit(graphInput({ b: [] }));
    expect(kernel.store.appends[1]?.map(({ type }) => type)).toEqual([
      'task_started',
      'graph_submitted',
      'task_submitted',
    ]);
  });

  it('… at most 20 ms later, on its own', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [] }));
    await kernel.clock.advance(19.9);
    expect(kernel.store.appends).toHaveLength(1);
    await kernel.clock.advance(0.1);
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'running', run_status: 'running' });
  });

  it('the events of one turn are one append: a short task costs one besides its submission', async () => {
    const kernel = await startKernel({ maxConcurrency: 100 });
    await kernel.run(graphInput(Array.from({ length: 50 }, (_, at) => taskInput({ id: `t${at}` }))));
    expect(kernel.store.appends).toHaveLength(2);
    expect(kernel.store.appends[1]).toHaveLength(100);
  });

  it('appends overlap: a turn does not wait for the one before to be durable', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const first = kernel.scheduler.submit(graphInput({ a: [] }));
    await kernel.clock.settle();
    const second = kernel.scheduler.submit(graphInput({ b: [] }));
    await kernel.clock.settle();
    expect(kernel.store.held).toBe(2);
    await kernel.store.release();
    await Promise.all([first, second]);
  });
});

describe('on_interrupt "fail"', () => {
  it('the attempt begins only when its start is durable, without waiting out the 20 ms', async () => {
    const kernel = await startKernel();
    kernel.executor.script('gate', waitsForRelease());
    await kernel.submit(
      graphInput([taskInput({ id: 'gate' }), taskInput({ on_interrupt: 'fail', depends_on: ['gate'] })]),
    );
    kernel.store.hold();
    kernel.executor.release('gate');
    await kernel.clock.settle();
    await kernel.store.release(1);
    await kernel.clock.settle();
    expect(kernel.store.held).toBe(1);
    expect(kernel.executor.startsOf('a')).toBe(0);
    await kernel.store.release();
    await kernel.clock.settle();
    expect(kernel.executor.startsOf('a')).toBe(1);
    expect(kernel.history('a')).toContain('task_started');
  });

  it('a crash before that leaves it to run; a crash after it fails it with unknown', async () => {
    for (const [durable, runs] of [
      [1, 1],
      [2, 0],
    ] as const) {
      const before = await startKernel();
      before.executor.script('a', hangs());
      before.store.hold();
      void before.scheduler.submit(graphInput([taskInput({ on_interrupt: 'fail' })]));
      await before.clock.settle();
      await before.store.release(1);
      await before.clock.settle();
      const after = await startKernel({ journal: before.crash(durable - 1) });
      await after.end('a');
      expect(after.executor.startsOf('a')).toBe(runs);
      if (runs === 0) expect(errorOf(await after.stored('a'))).toMatchObject({ code: 'unknown' });
    }
  });

  it('cancelled while it waits for that: it never begins', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const submitted = kernel.scheduler.submit(graphInput([taskInput({ on_interrupt: 'fail' })]));
    await kernel.clock.settle();
    await kernel.store.release(1);
    await submitted;
    await kernel.clock.settle();
    const cancelled = kernel.scheduler.cancel('a');
    await kernel.clock.settle();
    await kernel.store.release();
    expect(await cancelled).toMatchObject({ run_status: 'cancelled' });
    expect(kernel.executor.record).toEqual([]);
  });

  it('stopped while it waits for that: it never began, so it is pending again', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const submitted = kernel.scheduler.submit(graphInput([taskInput({ on_interrupt: 'fail' })]));
    await kernel.clock.settle();
    await kernel.store.release(1);
    await submitted;
    const stopped = kernel.scheduler.stop({ graceMs: 0 });
    await kernel.clock.advance(1);
    await kernel.store.release();
    await kernel.clock.runUntil(stopped);
    expect(kernel.executor.record).toEqual([]);
    const after = await startKernel({ journal: kernel.store.journal });
    expect((await after.end('a')).status).toBe('success');
  });
});

it('accept resolves when the handle is durable, not before', async () => {
  const executor = new FakeExecutor();
  const kernel = await startKernel({ executor });
  let accepted = false;
  executor.script('a', async (attempt) => {
    await accepts('h1')(attempt);
    accepted = true;
  });
  kernel.store.hold();
  const submitted = kernel.scheduler.submit(graphInput({ a: [] }));
  await kernel.clock.settle();
  await kernel.store.release(1);
  await kernel.clock.settle();
  expect(kernel.store.held).toBe(1);
  expect(accepted).toBe(false);
  await kernel.store.release();
  await submitted;
  await kernel.end('a');
  expect(accepted).toBe(true);
});
