import { expect, it } from 'vitest';
import { CarelessIndex } from './support/careless-index.js';
import { hammer } from './support/hammer.js';

const LOAD = { rounds: 1, readers: 8, tasks: 40 };

/** One round; `failing-redis.long.test.ts` has a hundred. */
it('Redis paused, killed, restarted empty and with old data, cut off, slow, its removals lost: no read is older than the last append that had resolved', {
  timeout: 120_000,
}, async () => {
  const report = await hammer(LOAD);
  console.warn(
    `failing Redis: ${report.reads} reads, ${report.hits} hits, ${report.appends} appends, ${report.outages} outages`,
  );
  expect(report.wrong).toEqual([]);
  // There was something to get wrong, on a slow machine too.
  expect(report.reads).toBeGreaterThan(1_000);
  expect(report.hits).toBeGreaterThan(50);
  expect(report.appends).toBeGreaterThan(20);
  expect(report.outages).toBeGreaterThanOrEqual(3);
});

it('control: the same without the protection gives wrong answers', { timeout: 120_000 }, async () => {
  const { wrong, reads } = await hammer({ ...LOAD, makeIndex: (limits) => new CarelessIndex(limits) });
  console.warn(`control: ${wrong.length} wrong of ${reads} reads`);
  expect(wrong.length).toBeGreaterThan(10);
});
