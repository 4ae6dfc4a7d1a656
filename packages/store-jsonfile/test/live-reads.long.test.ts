import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { readLive } from './live-reads.js';

/** A store that is written to as fast as the disk takes it soon takes longer to read than is needed to see anything. */
const READS = 15;
const STORES = 20;

it('300 reads while a process appends, writes snapshots and drops journal: each is a consistent prefix with whole graphs', async () => {
  for (let store = 0; store < STORES; store += 1) {
    const place = await temporaryDirectory();
    const seqs = await readLive(place.path, READS);
    await place.remove();
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBeGreaterThan(READS / 2);
  }
});
