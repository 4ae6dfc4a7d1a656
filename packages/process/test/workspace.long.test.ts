import { expect, it } from 'vitest';
import { raceAgainstSwaps } from './support/swap-race.js';

it('a folder swapped for a link during the call leads nowhere outside, for 10 s', async () => {
  const result = await raceAgainstSwaps(10_000);
  expect(result).toMatchObject({ leaks: [], created: [], surprises: [] });
  expect(result.succeeded).toBeGreaterThan(100);
  expect(result.refused).toBeGreaterThan(100);
});
