import { describe, expect, it } from 'vitest';
import { flipBits } from './support/bit-flips.js';
import { cutLog } from './support/cut-log.js';
import { resignJournal } from './support/resign-journal.js';
import { sizeOf } from './support/sizes.js';
import { STORES } from './support/stores.js';

const FLIPS = sizeOf('bitFlips');
const CONTROL_FLIPS = 60;

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

it.each([
  ['jsonfile', 'checksums', resignJournal],
  ['sqlite', 'the look at its log', cutLog],
] as const)('control: %s without %s is found out', async (name, what, disarm) => {
  const store = STORES.find((row) => row.name === name) ?? expect.fail(`there is no ${name}`);
  const { believed } = await flipBits(store, { flips: CONTROL_FLIPS, seed: 7, disarm });
  console.warn(`${name} without ${what}: ${believed.length} of ${CONTROL_FLIPS} believed`);
  expect(believed.length).toBeGreaterThan(CONTROL_FLIPS / 20);
});
