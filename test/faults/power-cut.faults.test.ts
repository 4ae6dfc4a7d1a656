import { beforeAll, describe, expect, it } from 'vitest';
import { SOUND } from './support/found.js';
import { powerCuts } from './support/power-cuts.js';
import { whyNoMount } from './support/private-mount.js';
import { sizeOf } from './support/sizes.js';
import { skippedNote } from './support/skipped-note.js';
import { STORES } from './support/stores.js';
import { strace, whyNoStrace } from './support/trace.js';
import { bundleWorker, type Worker, type WorkerOptions } from './support/worker.js';

const CUTS = sizeOf('powerCuts');
/** A disk without flushes has to be found out within so many. */
const CONTROL_CUTS = 5;
let start: (options: WorkerOptions) => Worker;

beforeAll(async () => {
  start = await bundleWorker();
});

describe.skipIf(whyNoMount !== undefined).each(STORES)(
  `a power cut under 8 concurrent writers, ext4: $name${skippedNote(whyNoMount)}`,
  (store) => {
    it(`${CUTS.text('cuts')}: nothing acknowledged is lost, no success seen is undone, no graph is half there`, async () => {
      const report = await powerCuts(start, { store, cuts: CUTS.count, seed: CUTS.count });
      console.warn(`${store.name}: ${report.cuts} power cuts, ${report.acknowledged} tasks acknowledged`);
      expect(report.broken).toEqual(SOUND);
      expect(report.acknowledged).toBeGreaterThan(CUTS.count);
    });

    it.skipIf(whyNoStrace !== undefined)(
      `control: the same store on a disk that flushes nothing is found out${skippedNote(whyNoStrace)}`,
      async () => {
        const through = strace({ log: '/dev/null', inject: 'fsync,fdatasync:retval=0' });
        const { broken } = await powerCuts(start, { store, cuts: CONTROL_CUTS, seed: 7, through });
        console.warn(`${store.name} without flushes: ${JSON.stringify(broken).slice(0, 200)}`);
        expect(broken).not.toEqual(SOUND);
      },
    );
  },
);
