import { FakeExecutor, graphInput, takes, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';

/** So many independent tasks named `<name>0`, `<name>1`, … */
function many(count: number, name: string, fields: Parameters<typeof taskInput>[0] = {}) {
  return Array.from({ length: count }, (_, at) => taskInput({ ...fields, id: `${name}${at}` }));
}

function startsIn(executor: FakeExecutor): readonly string[] {
  return executor.record.filter(({ kind }) => kind === 'start').map(({ task }) => task);
}

describe('concurrency', () => {
  it('at most max-concurrency attempts at once, and no slot stays empty', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({ executor, maxConcurrency: 4 });
    await kernel.submit(graphInput(many(10, 't')));
    expect(executor.running).toHaveLength(4);
    for (let at = 0; at < 10; at += 1) {
      executor.release(`t${at}`);
      await kernel.clock.settle();
      expect(executor.running).toHaveLength(Math.min(4, 9 - at));
    }
    expect(executor.maxRunning).toBe(4);
  });

  it('ten at once by default', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({ executor });
    await kernel.submit(graphInput(many(15, 't')));
    expect(kernel.scheduler.stats()).toMatchObject({ running: 10, ready: 5, unfinished: 15 });
  });

  it('a category has a limit of its own, and does not hold up the others', async () => {
    const mcp = new FakeExecutor({ category: 'mcp', otherwise: waitsForRelease() });
    const os = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({
      executor: os,
      others: [mcp],
      maxConcurrency: 5,
      categoryConcurrency: { mcp: 2 },
    });
    const mcpTasks = many(10, 'm', { type: 'mcp', tool_name: 'x.y', priority: 100 });
    await kernel.submit(graphInput([...mcpTasks, ...many(10, 'o')]));
    expect([mcp.running.length, os.running.length]).toEqual([2, 3]);
    mcp.release('m0');
    await kernel.clock.settle();
    expect([mcp.running.length, os.running.length]).toEqual([2, 3]);
    expect(mcp.maxRunning).toBe(2);
  });

  it('the higher priority starts first among ready tasks, over all graphs', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('first', waitsForRelease());
    await kernel.submit(graphInput({ first: [] }));
    await kernel.submit(graphInput([taskInput({ id: 'low', priority: -100 }), taskInput({ id: 'none' })]));
    await kernel.submit(
      graphInput([taskInput({ id: 'high', priority: 100 }), taskInput({ id: 'rather high', priority: 7 })]),
    );
    kernel.executor.release('first');
    await kernel.end('low');
    expect(startsIn(kernel.executor)).toEqual(['first', 'high', 'rather high', 'none', 'low']);
  });

  it('a large graph does not starve a small one that comes later', async () => {
    const executor = new FakeExecutor();
    const kernel = await startKernel({ executor, maxConcurrency: 2 });
    executor.script('gate0', waitsForRelease()).script('gate1', waitsForRelease());
    await kernel.submit(graphInput(many(2, 'gate')));
    await kernel.submit(graphInput(many(5000, 'big')));
    await kernel.submit(graphInput({ small: [], 'small child': ['small'] }));
    executor.release('gate0');
    executor.release('gate1');
    await kernel.end('small child');
    const starts = startsIn(executor);
    expect(starts.indexOf('small')).toBeLessThan(6);
    expect(starts.indexOf('small child') - starts.indexOf('small')).toBeLessThan(1100);
    expect(starts.length).toBe(5004);
  });

  it('starts at most so many attempts in one turn of the event loop', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({ executor, maxConcurrency: 1000, startsPerTurn: 7 });
    const startedAfterTurn: number[] = [];
    await kernel.scheduler.submit(graphInput(many(20, 't')));
    for (let turn = 0; turn < 4; turn += 1) {
      startedAfterTurn.push(executor.running.length);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(startedAfterTurn).toEqual([7, 14, 20, 20]);
  });

  it('starts nothing while too much is not durable, and goes on when it is', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const kernel = await startKernel({ executor, maxConcurrency: 1, maxUncommittedBytes: 3000 });
    await kernel.submit(graphInput({ a: [], b: [] }));
    kernel.store.hold();
    executor.release('a', 'x'.repeat(4000));
    await kernel.clock.advance(1000);
    expect(executor.startsOf('b')).toBe(0);
    expect(kernel.scheduler.stats().uncommittedBytes).toBeGreaterThan(3000);
    await kernel.store.release();
    await kernel.clock.settle();
    expect(executor.startsOf('b')).toBe(1);
  });

  it('measures how long tasks waited for a slot and how long attempts took', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', takes(kernel.clock, 40)).script('b', takes(kernel.clock, 7));
    await kernel.run(graphInput({ a: [], b: [] }));
    const { queueWait, attemptDuration } = kernel.scheduler.stats();
    expect(queueWait.sum).toBe(40);
    expect(attemptDuration.sum).toBe(47);
    expect(attemptDuration.counts[attemptDuration.bounds.indexOf(5)]).toBe(0);
    expect(attemptDuration.counts[attemptDuration.bounds.indexOf(10)]).toBe(1);
    expect(attemptDuration.counts.at(-1)).toBe(2);
  });
});
