import { chainShape, FakeExecutor, fails, fanOutJoinShape, hangs } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { createScheduler } from '../src/index.js';
import { compare, inputOf, scaleShapes } from './support/scale.js';

describe('100,000 tasks', () => {
  // One round; the medians of several are in scale.long.test.ts. A retry is for a machine that does other things meanwhile.
  it.each(scaleShapes)(
    '%s runs to the end, without cost that grows with the graph (a task costs within twice that at 10,000)',
    { timeout: 60_000, retry: 2 },
    async (_, shape) => {
      const { ratio, longestTurnMs } = await compare(shape(10_000), shape(100_000), 1);
      expect(ratio).toBeLessThan(2);
      // 10,000 is the most that one graph may have by default. Measured at 6 to 20 ms, and 60 ms for 100,000.
      expect(longestTurnMs.small).toBeLessThan(50);
      expect(longestTurnMs.large).toBeLessThan(200);
    },
  );

  it.each([
    ['a chain', chainShape(100_000)],
    ['a fan-out with a join', fanOutJoinShape(99_998)],
  ])('%s is skipped when its first task fails, without recursion', async (_, shape) => {
    const scheduler = createScheduler({
      executors: [new FakeExecutor().script('t0', fails('denied'))],
      maxTasksPerGraph: shape.length,
    });
    await scheduler.start();
    const { graph_id } = await scheduler.submit(inputOf(shape));
    expect((await scheduler.graph(graph_id, {})).counts).toEqual({ failed: 1, skipped: 99_999 });
    expect(scheduler.stats().unfinished).toBe(0);
    await scheduler.stop();
  });

  it('a graph of which one task runs is cancelled', async () => {
    const scheduler = createScheduler({
      executors: [new FakeExecutor().script('t0', hangs())],
      maxTasksPerGraph: 100_000,
    });
    await scheduler.start();
    const { graph_id } = await scheduler.submit(inputOf(fanOutJoinShape(99_998)));
    const { counts } = await scheduler.cancelGraph(graph_id);
    // The join is skipped by the first of its 99,998 dependencies that is cancelled.
    expect(counts).toEqual({ failed: 99_999, skipped: 1 });
    expect(scheduler.stats()).toMatchObject({ unfinished: 0, running: 0 });
    await scheduler.stop();
  });
});
