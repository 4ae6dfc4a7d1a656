import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { readLive } from './live-reads.js';

it('300 reads while a process appends, writes snapshots and drops journal: each is a consistent prefix with whole graphs', async () => {
  const place = await temporaryDirectory();
  const seqs = await readLive(place.path, 300);
  await place.remove();
  expect(new Set(seqs).size).toBeGreaterThan(200);
});
