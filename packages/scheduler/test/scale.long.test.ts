import { describe, expect, it } from 'vitest';
import { compare, scaleShapes } from './support/scale.js';

describe('100,000 tasks, medians of 5 rounds', () => {
  it.each(scaleShapes)('%s: a task costs within twice that at 10,000', async (name, shape) => {
    const { ratio, usPerTask, longestTurnMs } = await compare(shape(10_000), shape(100_000), 5);
    const turns = `longest turn ${longestTurnMs.small.toFixed(1)} and ${longestTurnMs.large.toFixed(1)} ms`;
    console.warn(`${name}: ${usPerTask.toFixed(1)} µs a task, ${ratio.toFixed(2)}× of that at a tenth, ${turns}`);
    expect(ratio).toBeLessThan(2);
    expect(longestTurnMs.small).toBeLessThan(50);
    expect(longestTurnMs.large).toBeLessThan(200);
  });
});
