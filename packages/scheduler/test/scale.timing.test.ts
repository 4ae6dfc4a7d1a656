import { chainShape, FakeExecutor, fails, fanOutJoinShape, hangs } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { createScheduler } from '../src/index.js';
import { compare, inputOf, scaleShapes } from './support/scale.js';

describe('scale', () => {
  // One round; the long proof takes 100,000 tasks, and medians. A retry is for a machine that does other things meanwhile.
  it.each(scaleShapes)(
    '%s of 40,000 tasks runs to the end, without cost that grows with the graph: a task costs within twice that at 4,000 (100,000 in the long proof)',
    { retry: 2 },
    async (_, shape) => {
      const { ratio, longestTurnMs } = await compare(shape(4_000), shape(40_000), 1);
      expect(ratio).toBeLessThan(2);
      expect(longestTurnMs.small).toBeLessThan(50);
      expect(longestTurnMs.large).toBeLessThan(200);
    },
  );

  it.each([
    ['a chain', chainShape(100_000)],
    ['a fan-out with a join', fanOutJoinShape(99_998)],
  ])('%s of 100,000 tasks is skipped when its first task fails, without recursion', async (_, shape) => {
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

  it('a graph of 100,000 tasks of which one runs is cancelled', async () => {
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
