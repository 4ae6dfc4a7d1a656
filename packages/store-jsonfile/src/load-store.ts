import { join } from 'node:path';
import { type ReceiptRetention, TaskTable } from '@execgo/core';
import type { FileReader } from './file-system.js';
import { type ImportedState, importState } from './import-state.js';
import { readReceipts } from './receipts-file.js';
import { replay } from './replay.js';
import { readState } from './state-file.js';
import { damaged } from './store-damage.js';
import { replayStart, type Survey, survey } from './survey.js';

/** What the files of a store come to, none of them changed. */
export interface LoadedStore {
  readonly found: Survey;
  readonly table: TaskTable;
  /** Set where the tasks came from a file that the journal knows nothing of. */
  readonly imported: ImportedState | undefined;
  readonly lastSeq: number;
}

/**
 * Reads everything a start reads: a torn tail is left out, as a start cuts it off.
 *
 * @throws ExecGoError `internal` naming the file, and the offset where there is one
 */
export async function loadStore(
  fileSystem: FileReader,
  directory: string,
  receipts: ReceiptRetention,
): Promise<LoadedStore> {
  const found = await survey(fileSystem, directory);
  const isForeign = found.state !== undefined && found.stateMark === undefined;
  const imported = isForeign ? await importState(fileSystem, directory, found) : undefined;
  if (imported === undefined && found.scan.stray !== undefined && found.storeId !== undefined) {
    throw damaged(
      join(directory, found.scan.stray),
      `events from seq ${found.scan.lastSeq + 1} on are missing before it`,
      0,
    );
  }
  const table = new TaskTable(receipts);
  await fillTable(fileSystem, directory, found, table, imported);
  return { found, table, imported, lastSeq: imported?.lastSeq ?? found.scan.lastSeq };
}

async function fillTable(
  fileSystem: FileReader,
  directory: string,
  found: Survey,
  table: TaskTable,
  imported: ImportedState | undefined,
): Promise<void> {
  const { scan, stateMark, receiptsMark } = found;
  if (receiptsMark !== undefined) {
    for (const [key, receipt] of await readReceipts(fileSystem, directory)) table.loadReceipt(key, receipt);
  }
  if (imported !== undefined) {
    for (const task of imported.tasks) table.load(task);
    const start = { stateSeq: scan.lastSeq, receiptsSeq: receiptsMark?.mark.seq ?? 0 };
    await replay(fileSystem, directory, scan.segments, table, start);
    return;
  }
  const start = replayStart(directory, found);
  if (stateMark !== undefined) {
    for await (const tasks of readState(fileSystem, directory)) for (const task of tasks) table.load(task);
  }
  await replay(fileSystem, directory, scan.segments, table, start);
}
