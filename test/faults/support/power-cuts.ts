import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, temporaryDirectory } from '@execgo/testkit';
import { brokenIn, type Found, isSound, SOUND } from './found.js';
import { type Cut, PrivateMount } from './private-mount.js';
import { Promises } from './promises.js';
import type { DurableStore } from './stores.js';
import type { Worker, WorkerOptions } from './worker.js';

const WRITERS = 8;
const LONGEST_LIFE_MS = 400;
/** After this many cuts a new disk is begun. */
const CUTS_OF_A_DISK = 5;
/** How ext4 is mounted: with file content before the metadata that tells of it, as usual, or in any order. */
const ORDERS: readonly (readonly string[])[] = [[], ['data=writeback']];
const CUTS: readonly Cut[] = ['as flushed', 'with the last metadata'];

export interface PowerCutOptions {
  readonly store: DurableStore;
  readonly cuts: number;
  readonly seed: number;
  /** What the process is started through, inside the mount. */
  readonly through?: readonly string[];
}

export interface PowerCutReport {
  readonly cuts: number;
  readonly acknowledged: number;
  /** What the first cut broke that broke anything; they end there. */
  readonly broken: Found;
}

/** Cuts the power of a disk while a process appends to a store on it, mounts it again, and looks what is there. */
export async function powerCuts(
  start: (options: WorkerOptions) => Worker,
  { store, cuts, seed, through = [] }: PowerCutOptions,
): Promise<PowerCutReport> {
  const random = seededRandom(seed);
  let done = 0;
  let acknowledged = 0;
  let broken: Found = SOUND;
  for (let disk = 0; done < cuts && isSound(broken); disk += 1) {
    const place = await temporaryDirectory();
    const mount = await PrivateMount.ext4(place.path, ORDERS[disk % ORDERS.length]);
    const promises = new Promises();
    try {
      for (let cut = 0; cut < CUTS_OF_A_DISK && done < cuts && isSound(broken); cut += 1) {
        const job = { store: store.name, directory: join(mount.inside, 'data'), life: `${done}`, writers: WRITERS };
        const process = start({ job, promises, through: [...mount.through, ...through] });
        try {
          await process.opened;
          await sleep(random() * LONGEST_LIFE_MS);
          await mount.cutPower(CUTS[cut % CUTS.length] as Cut, process.pid);
        } finally {
          process.kill();
          await process.ended;
        }
        await mount.restart();
        done += 1;
        const copy = join(place.path, `after-${cut}`);
        await mount.copyOut('data', copy);
        broken = await brokenIn(store, copy, promises);
      }
      acknowledged += promises.size;
    } finally {
      await mount.remove();
      await place.remove();
    }
  }
  return { cuts: done, acknowledged, broken };
}
