import { join } from 'node:path';
import { errorMessage, isJsonObject, type Receipt } from '@execgo/core';
import { readText } from './checked-file.js';
import type { FileSystem } from './file-system.js';
import { nextTurn } from './next-turn.js';
import { damaged } from './store-damage.js';

export const RECEIPTS_FILE = 'receipts.json';

const SLICE_RECEIPTS = 500;

/** The text of a receipts file: a JSON array of `[key, receipt]`, oldest first, since an object would not keep their order. */
export async function* receiptTexts(receipts: readonly (readonly [string, Receipt])[]): AsyncGenerator<string> {
  let separator = '[\n';
  for (let at = 0; at < receipts.length; at += SLICE_RECEIPTS) {
    const slice = receipts.slice(at, at + SLICE_RECEIPTS);
    yield separator + slice.map((entry) => JSON.stringify(entry)).join(',\n');
    separator = ',\n';
    await nextTurn();
  }
  yield receipts.length === 0 ? '[]\n' : '\n]\n';
}

/** @throws ExecGoError `internal` where it is not what we wrote */
export async function readReceipts(fileSystem: FileSystem, directory: string): Promise<readonly [string, Receipt][]> {
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
