import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom, temporaryDirectory } from '@execgo/testkit';
import { expect } from 'vitest';
import { brokenIn, type Found, isSound, SOUND } from './found.js';
import { Promises } from './promises.js';
import type { DurableStore } from './stores.js';
import type { Worker, WorkerOptions } from './worker.js';

const WRITERS = 8;
/** A life ends within this time after it has opened the store. */
const LONGEST_LIFE_MS = 300;
/** One start in this many is itself cut short, so that recovery is, and is followed by another. */
const STARTS_CUT_SHORT = 4;
const LONGEST_START_MS = 150;
/** After this many kills a new store is begun, so that what is compared stays small. */
const KILLS_OF_A_STORE = 10;

export interface KillOptions {
  readonly store: DurableStore;
  readonly worker: string;
  readonly kills: number;
  readonly seed: number;
  readonly seeks?: 'lost' | 'undone' | 'half';
}

export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly seenSucceeded: number;
  /** What was broken after the kill that broke what was sought; the rounds end there. */
  readonly broken: Found;
}

/**
 * Kills a process that appends, with `kill -9`, again and again over the same store; opens it after each, and holds what is
 * there against what had been acknowledged or shown.
 *
 * @param worker name of the store in the process: `store`, or a sabotaged one
 * @param seeks goes on until this is what is broken, where other things are broken before; default: anything
 */
export async function killRounds(
  start: (options: WorkerOptions) => Worker,
  { store, worker, kills, seed, seeks }: KillOptions,
): Promise<KillReport> {
  const isFound = ({ broken }: KillReport) =>
    seeks === undefined ? !isSound(broken) : 'lost' in broken && broken[seeks].length > 0;
  const random = seededRandom(seed);
  const report = { kills: 0, acknowledged: 0, seenSucceeded: 0, broken: SOUND as Found };
  while (report.kills < kills) {
    const place = await temporaryDirectory();
    const promises = new Promises();
    for (let round = 0; round < KILLS_OF_A_STORE && report.kills < kills; round += 1) {
      const life = `${report.kills}`;
      const job = { store: worker, directory: place.path, life, writers: WRITERS };
      const process = start({ job, promises });
      const isCutShort = round > 0 && random() * STARTS_CUT_SHORT < 1;
      if (!isCutShort) await process.opened;
      await sleep(random() * (isCutShort ? LONGEST_START_MS : LONGEST_LIFE_MS));
      process.kill();
      const { signal, stderr } = await process.ended;
      expect(signal, stderr).toBe('SIGKILL');
      report.kills += 1;
      if (isCutShort) continue;
      report.broken = await brokenIn(store, place.path, promises);
      if (isFound(report)) break;
    }
    report.acknowledged += promises.size;
    report.seenSucceeded += promises.successes;
    await place.remove();
    if (isFound(report)) break;
  }
  return report;
}
