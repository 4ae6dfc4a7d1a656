import { expect, it } from 'vitest';
import { useFiles } from './archive-place.js';
import { copyMany } from './many-tasks.js';

const files = useFiles();

it('1,000,000 tasks are copied and compared in a stream: memory stays flat, and the event loop turns', async () => {
  const figures = await copyMany(1_000_000, files.next());
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  expect(figures.copied.tasks).toBe(1_000_000);
  expect(figures.grownBytes).toBeLessThan(250 * 1024 * 1024);
  // A step takes milliseconds; the rest is what else the machine does meanwhile.
  expect(figures.longestPauseMs).toBeLessThan(2000);
});
