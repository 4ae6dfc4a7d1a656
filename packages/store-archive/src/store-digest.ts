import { createHash } from 'node:crypto';
import type { StoreContents } from '@execgo/core';
import { nextTurn } from '@execgo/core';
import { type Counts, PARTS, type Part } from './archive-line.js';
import { eventText, receiptText, taskText } from './canonical.js';

/** Text that is hashed in one turn of the event loop, in UTF-16 units. */
const TURN_UNITS = 512 * 1024;

/** What two stores are told equal by. */
export interface StoreDigest {
  readonly counts: Counts;
  /** SHA-256 of each part, hex. */
  readonly parts: Readonly<Record<Part, string>>;
}

/**
 * Counts and SHA-256 of the parts of a store, a line of canonical JSON for each task, event and receipt. Equal stores have
 * equal ones, whichever driver keeps them.
 *
 * @param onProgress told after each batch
 */
export async function digestStore(
  contents: StoreContents,
  onProgress: (part: Part, done: number) => void,
): Promise<StoreDigest> {
  const counts = { tasks: 0, events: 0, receipts: 0 };
  const parts = { tasks: '', events: '', receipts: '' };
  const take = async <T>(part: Part, batches: AsyncIterable<readonly T[]>, textOf: (item: T) => string) => {
    const hash = createHash('sha256');
    let units = 0;
    for await (const batch of batches) {
      for (const item of batch) {
        const text = textOf(item);
        hash.update(text).update('\n');
        units += text.length;
        if (units < TURN_UNITS) continue;
        units = 0;
        await nextTurn();
      }
      counts[part] += batch.length;
      onProgress(part, counts[part]);
    }
    parts[part] = hash.digest('hex');
  };
  await take('tasks', contents.tasks(), taskText);
  await take('events', contents.events(), eventText);
  await take('receipts', contents.receipts(), receiptText);
  return { counts, parts };
}

/** One figure for a whole store, its name and seqs included. */
export function wholeDigest({ storeId, firstSeq, lastSeq }: StoreContents, { parts }: StoreDigest): string {
  const hash = createHash('sha256').update(`${storeId} ${firstSeq} ${lastSeq}`);
  for (const part of PARTS) hash.update(`\n${part} ${parts[part]}`);
  return hash.digest('hex');
}
