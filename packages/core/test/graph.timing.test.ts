import { chainShape, fanOutJoinShape, layeredShape } from '@execgo/testkit';
import { expect, it } from 'vitest';
import type { TaskSpec } from '../src/index.js';
import { specsOf, validate } from './support/graphs.js';

it.each([
  ['chain', chainShape],
  ['fan-out with a join', (tasks: number) => fanOutJoinShape(tasks - 2)],
  ['layered', (tasks: number) => layeredShape(tasks / 100, 100, 3)],
])('the time to check a task of a %s at 100,000 is within twice that at 10,000', (_, shape) => {
  const [small, large] = [specsOf(shape(10_000)), specsOf(shape(100_000))];
  const perTask = (tasks: readonly TaskSpec[]) => fastest(() => validate(tasks)) / tasks.length;
  perTask(small);
  // Timings on a shared machine are noisy: the smallest of several ratios is what the code itself does.
  const ratios: number[] = [];
  while (ratios.length < 10 && !ratios.some((ratio) => ratio < 2)) ratios.push(perTask(large) / perTask(small));
  expect(Math.min(...ratios)).toBeLessThan(2);
});

function fastest(work: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return Math.min(...times);
}
