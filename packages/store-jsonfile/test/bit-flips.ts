import { isExecGoError } from '@execgo/core';
import { seededRandom } from '@execgo/testkit';
import { expect } from 'vitest';
import { expectedTasks, type Found, find, isWhole, lifeOf, live, SMALL } from './recorded-life.js';
import { SimulatedDisk } from './simulated-disk.js';

export interface FlipCounts {
  refused: number;
  /** The last append was lost: from outside it looks like one that was never finished. */
  cut: number;
  harmless: number;
}

/**
 * Flips one bit at a time, anywhere in the files of a store that was killed, and starts it. Either it refuses and names the
 * file, or it holds everything but, at most, the last append.
 */
export async function flipBits(directory: string, flips: number, seed: number): Promise<FlipCounts> {
  const appends = lifeOf(8);
  const lastSeq = appends.flat().length;
  const beforeLast = lastSeq - (appends.at(-1)?.length ?? 0);
  const sources = [await storeOf(directory, appends, SMALL), await storeOf(directory, appends, { segmentBytes: 3000 })];
  const random = seededRandom(seed);
  const counts: FlipCounts = { refused: 0, cut: 0, harmless: 0 };
  for (let flip = 0; flip < flips; flip += 1) {
    const disk = (sources[flip % sources.length] as SimulatedDisk).after('flushed');
    const place = flipOne(disk, random);
    const found = await findOrRefuse(directory, disk, place);
    if (found === 'refused') {
      counts.refused += 1;
      continue;
    }
    expect(found.lastSeq, place).toBeGreaterThanOrEqual(beforeLast);
    expect(isWhole(appends, found.lastSeq), place).toBe(true);
    expect(found.tasks, place).toEqual(expectedTasks(appends, found.lastSeq));
    expect(found.events, place).toEqual(appends.flat().slice(found.lastSeq - found.events.length, found.lastSeq));
    if (found.lastSeq < lastSeq) counts.cut += 1;
    else counts.harmless += 1;
  }
  return counts;
}

async function storeOf(directory: string, appends: ReturnType<typeof lifeOf>, options: object): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  let left: SimulatedDisk | undefined;
  await live({ directory, fileSystem: disk, ...options }, appends, async () => {
    left = disk.after('flushed');
  });
  return left as SimulatedDisk;
}

/** A bit of all bytes of all files, each as likely as the other. */
function flipOne(disk: SimulatedDisk, random: () => number): string {
  const names = disk.names().filter((name) => !name.endsWith('.tmp'));
  const total = names.reduce((sum, name) => sum + disk.content(name).length, 0);
  let at = Math.floor(random() * total);
  for (const name of names) {
    const bytes = Buffer.from(disk.content(name));
    if (at >= bytes.length) {
      at -= bytes.length;
      continue;
    }
    const bit = Math.floor(random() * 8);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    disk.put(name, bytes);
    return `${name} byte ${at} bit ${bit}`;
  }
  return 'nowhere';
}

async function findOrRefuse(directory: string, disk: SimulatedDisk, place: string): Promise<Found | 'refused'> {
  try {
    return await find(directory, disk);
  } catch (error) {
    if (!isExecGoError(error, 'internal')) throw error;
    const [name = '', , at] = place.split(' ');
    expect(error.message, place).toContain(name);
    const { offset } = error.details ?? {};
    // The line that holds the byte, or the one before where it was the LF between them.
    if (name.startsWith('journal') && typeof offset === 'number')
      expect(offset, place).toBeLessThanOrEqual(Number(at) + 1);
    return 'refused';
  }
}
