import { join } from 'node:path';
import { errorMessage, isJsonObject, nextTurn, type Receipt } from '@execgo/core';
import { readText } from './checked-file.js';
import type { FileReader } from './file-system.js';
import { damaged } from './store-damage.js';

export const RECEIPTS_FILE = 'receipts.json';

const SLICE_RECEIPTS = 500;

type Entry = readonly [key: string, receipt: Receipt];

/** Receipts in batches that are encoded in one turn each. */
export function* receiptBatches(receipts: readonly Entry[]): IterableIterator<readonly Entry[]> {
  for (let at = 0; at < receipts.length; at += SLICE_RECEIPTS) yield receipts.slice(at, at + SLICE_RECEIPTS);
}

/** The text of a receipts file: a JSON array of `[key, receipt]`, oldest first, since an object would not keep their order. */
export async function* receiptTexts(
  batches: Iterable<readonly Entry[]> | AsyncIterable<readonly Entry[]>,
): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const entries of batches) {
    if (entries.length === 0) continue;
    yield separator + entries.map((entry) => JSON.stringify(entry)).join(',\n');
    separator = ',\n';
    await nextTurn();
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** @throws ExecGoError `internal` where it is not what we wrote */
export async function readReceipts(fileSystem: FileReader, directory: string): Promise<readonly [string, Receipt][]> {
  const path = join(directory, RECEIPTS_FILE);
  try {
    const entries: unknown = JSON.parse(await readText(fileSystem, directory, RECEIPTS_FILE));
    if (Array.isArray(entries) && entries.every((entry) => Array.isArray(entry) && isJsonObject(entry[1])))
      return entries;
  } catch (error) {
    throw damaged(path, errorMessage(error), undefined, error);
  }
  throw damaged(path, 'not an array of receipts');
}
