import { join } from 'node:path';
import { temporaryDirectory } from '@execgo/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { brokenIn, isSound, SOUND } from './support/found.js';
import { EXIT } from './support/job.js';
import { PrivateMount, whyNoMount } from './support/private-mount.js';
import { Promises } from './support/promises.js';
import { sizeOf } from './support/sizes.js';
import { skippedNote } from './support/skipped-note.js';
import { STORES } from './support/stores.js';
import { bundleWorker, type Worker, type WorkerEnd, type WorkerOptions } from './support/worker.js';

const DISKS = sizeOf('fullDisks');
const WRITERS = 4;
let start: (options: WorkerOptions) => Worker;

beforeAll(async () => {
  start = await bundleWorker();
});

/** Fills a disk of that size, and looks what is there in a place with room. */
async function fillDisk(store: (typeof STORES)[number], worker: string, kilobytes: number, writers: number) {
  const place = await temporaryDirectory();
  const mount = await PrivateMount.tmpfs(place.path, `${kilobytes}k`);
  try {
    const promises = new Promises();
    const directory = join(mount.inside, 'data');
    const job = { store: worker, directory, life: '1', writers, graphs: kilobytes, padding: 300 };
    const end: WorkerEnd = await start({ job, promises, through: mount.through }).ended;
    // There is room.
    const copy = join(place.path, 'copy');
    await mount.copyOut('data', copy);
    return { end, acknowledged: promises.size, found: await brokenIn(store, copy, promises) };
  } finally {
    await mount.remove();
    await place.remove();
  }
}

describe.skipIf(whyNoMount !== undefined).each(STORES)(`a full disk: $name${skippedNote(whyNoMount)}`, (store) => {
  it(`${DISKS.text('disks of 256 KiB and more')}: the store is read-only and can be read; with room again, the next start has everything acknowledged`, async () => {
    let acknowledged = 0;
    for (let disk = 0; disk < DISKS.count; disk += 1) {
      const { end, found, ...filled } = await fillDisk(store, store.name, 256 + 12 * disk, WRITERS);
      expect(end, end.stderr).toMatchObject({ code: EXIT.readOnly, failed: expect.stringMatching(/^unavailable /) });
      expect(end.aftermath).toMatchObject({ refusals: ['unavailable', 'unavailable', 'unavailable'], unreadable: [] });
      expect(end.aftermath?.listed).toBeGreaterThan(0);
      expect(found).toEqual(SOUND);
      acknowledged += filled.acknowledged;
    }
    console.warn(`${store.name}: ${DISKS.count} full disks, ${acknowledged} tasks acknowledged`);
    expect(acknowledged).toBeGreaterThan(10 * DISKS.count);
  });

  it('control: a store that acknowledges before the append resolves is found out', async () => {
    const worker = `${store.name} that acknowledges before the append resolves`;
    const { found } = await fillDisk(store, worker, 256, 1);
    expect(isSound(found)).toBe(false);
  });
});
