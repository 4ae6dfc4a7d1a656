import { temporaryDirectory } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { killRounds } from './kill-rounds.js';

describe('kill -9 of a process that appends', () => {
  it.each(['always', 'none'] as const)(
    'nothing acknowledged is lost and no graph is half there, durability %s (500 kills in the fault suite)',
    async (durability) => {
      const place = await temporaryDirectory();
      expect(await killRounds(place.path, durability === 'always' ? 4 : 2, durability)).toBeGreaterThan(2);
      await place.remove();
    },
    60_000,
  );
});
