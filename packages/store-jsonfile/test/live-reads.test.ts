import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { readLive, STATES } from './live-reads.js';

it('10 reads while a process appends, writes snapshots and drops journal: each is a consistent prefix with whole graphs and all that was acknowledged before it (300 in the long proof)', async () => {
  const place = await temporaryDirectory();
  const seqs = await readLive(place.path, 10);
  await place.remove();
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(new Set(seqs).size).toBeGreaterThanOrEqual(STATES);
});
