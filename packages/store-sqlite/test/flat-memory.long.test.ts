import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { openMany } from './flat-memory.js';

it('a store of 1,000,000 finished tasks opens within a second and with less than 200 MB', async () => {
  const place = await temporaryDirectory();
  const found = await openMany(place.path, 1_000_000);
  console.warn(JSON.stringify(found));
  expect(found).toMatchObject({ total: 1_000_000 });
  expect(found.openMs).toBeLessThan(1_000);
  await place.remove();
});
