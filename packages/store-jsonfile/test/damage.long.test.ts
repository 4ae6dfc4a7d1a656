import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { flipBits } from './bit-flips.js';

it('10,000 single bit flips anywhere: refused by name, or nothing but the unacknowledged end is lost', async () => {
  const place = await temporaryDirectory();
  const counts = await flipBits(place.path, 10_000, 77);
  await place.remove();
  expect(counts.refused).toBeGreaterThan(7500);
  expect(counts.refused + counts.cut + counts.harmless).toBe(10_000);
});
