import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.js';

it('kill -9 of a process that appends, 500 times: nothing acknowledged is lost and no graph is half there', async () => {
  const place = await temporaryDirectory();
  expect(await killRounds(place.path, 500, 'always')).toBeGreaterThan(10_000);
  await place.remove();
});
