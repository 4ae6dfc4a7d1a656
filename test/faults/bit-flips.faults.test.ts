import { describe, expect, it } from 'vitest';
import { flipBits } from './support/bit-flips.js';
import { resignJournal } from './support/resign-journal.js';
import { sizeOf } from './support/sizes.js';
import { STORES } from './support/stores.js';

const FLIPS = sizeOf('bitFlips');
const CONTROL_FLIPS = 100;

describe.each(STORES)('damaged files: $name', (store) => {
  it(`${FLIPS.text('single bits flipped, anywhere')}: the start refuses and names a file, or nothing but the last append is gone`, async () => {
    const counts = await flipBits(store, { flips: FLIPS.count, seed: FLIPS.count });
    const { refused, told, cut, harmless, believed, unnamed } = counts;
    console.warn(
      `${store.name}: ${refused} refused, ${told} told by inspection, ${cut} cut, ${harmless} harmless, ${believed.length} believed`,
    );
    expect(believed).toEqual([]);
    expect(unnamed.slice(0, 5)).toEqual([]);
    expect(refused + told).toBeGreaterThan(FLIPS.count / 10);
  });
});

it('control: jsonfile without its checksums is found out', async () => {
  const store = STORES.find(({ name }) => name === 'jsonfile') ?? expect.fail('there is no jsonfile');
  const open: typeof store.createLarge = (directory, onWarning) => {
    resignJournal(directory);
    return store.createLarge(directory, onWarning);
  };
  const { believed } = await flipBits(store, { flips: CONTROL_FLIPS, seed: 7, open });
  console.warn(`jsonfile without checksums: ${believed.length} of ${CONTROL_FLIPS} believed`);
  expect(believed.length).toBeGreaterThan(CONTROL_FLIPS / 10);
});
