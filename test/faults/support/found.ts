import { errorMessage } from '@execgo/core';
import { allTasks } from './all-tasks.js';
import type { Broken, Promises } from './promises.js';
import type { DurableStore } from './stores.js';

/** What the next process finds, held against what was promised; or why the store refused to open. */
export type Found = Broken | { readonly refused: string };

/** Found where all is well. */
export const SOUND: Broken = { lost: [], undone: [], half: [] };

export function isSound(found: Found): boolean {
  return !('refused' in found) && found.lost.length + found.undone.length + found.half.length === 0;
}

export async function brokenIn(store: DurableStore, directory: string, promises: Promises): Promise<Found> {
  const next = store.create(directory);
  try {
    await next.open();
  } catch (error) {
    return { refused: errorMessage(error) };
  }
  try {
    return promises.brokenBy(await allTasks(next));
  } finally {
    await next.close();
  }
}
