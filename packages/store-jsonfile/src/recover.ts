import { join } from 'node:path';
import type { TaskTable } from '@execgo/core';
import { temporaryName } from './checked-file.js';
import type { FileSystem } from './file-system.js';
import { Journal, RESERVE_BYTES } from './journal.js';
import { loadStore } from './load-store.js';
import type { ResolvedOptions } from './options.js';
import { RECEIPTS_FILE } from './receipts-file.js';
import type { JournalScan } from './scan-journal.js';
import { STATE_FILE } from './state-file.js';
import { STORE_FILE } from './store-file.js';
import type { Survey } from './survey.js';
import { cutTail, endLine, rewriteTail } from './torn-tail.js';

/** What the files of a store came to. */
export interface Recovered {
  /** undefined in a directory that is yet to become a store. */
  readonly storeId: string | undefined;
  readonly table: TaskTable;
  readonly journal: Journal;
  readonly lastSeq: number;
  /** undefined while there is none. */
  readonly snapshot: SnapshotInForce | undefined;
  /** The tasks came from a file that the journal knows nothing of: a base is to be written before anything else. */
  readonly imported: boolean;
  /** Events up to here are history that was given up. */
  readonly baseSeq: number;
}

/** The snapshot that recovery would start from. */
export interface SnapshotInForce {
  /** Replay starts after this seq. */
  readonly seq: number;
  /** First seq of the segment that holds its line. */
  readonly segment: number;
  readonly stateBytes: number;
}

/**
 * Reads the files of a store, repairs a torn tail, and refuses anything worse before it has changed a byte.
 *
 * @throws ExecGoError `internal` naming the file, and the offset where there is one
 */
export async function recover(options: ResolvedOptions): Promise<Recovered> {
  const { fileSystem, directory, receipts, segmentBytes } = options;
  const reserveBytes = Math.min(RESERVE_BYTES, segmentBytes);
  const { found, table, imported, lastSeq } = await loadStore(fileSystem, directory, receipts);
  await repair(options, found.scan);
  return {
    storeId: found.storeId,
    table,
    journal: new Journal(fileSystem, directory, [...found.scan.segments], reserveBytes),
    lastSeq,
    snapshot: imported === undefined ? inForce(found) : undefined,
    imported: imported !== undefined,
    baseSeq: found.scan.baseSeq,
  };
}

async function repair(options: ResolvedOptions, scan: JournalScan): Promise<void> {
  const { fileSystem, directory, onWarning } = options;
  await removeLeftOvers(fileSystem, directory);
  if (scan.stray !== undefined) {
    await cutTail(fileSystem, directory, scan.stray, 0);
    await fileSystem.remove(join(directory, scan.stray));
  }
  const last = scan.segments.at(-1);
  if (last === undefined) return;
  const path = join(directory, last.name);
  if (scan.torn !== undefined) {
    const kept = await cutTail(fileSystem, directory, last.name, last.bytes);
    onWarning(
      `${path}: ${scan.torn.what} at byte ${scan.torn.offset}, the end of a write that was never acknowledged. It was cut off and kept as ${kept}`,
    );
  }
  if (scan.unterminated) {
    await endLine(fileSystem, path, last.bytes);
    last.bytes += 1;
  }
  for (const segment of scan.segments) {
    if (segment !== last && segment.lastSeq <= scan.provenSeq) continue;
    await rewriteTail(fileSystem, join(directory, segment.name), segment.seek(scan.provenSeq + 1), segment.bytes);
  }
  await fileSystem.syncDirectory(directory);
}

/** Files that never took their name. */
async function removeLeftOvers(fileSystem: FileSystem, directory: string): Promise<void> {
  const leftOver = new Set([STATE_FILE, RECEIPTS_FILE, STORE_FILE].map(temporaryName));
  for (const name of await fileSystem.list(directory)) {
    if (leftOver.has(name)) await fileSystem.remove(join(directory, name));
  }
}

function inForce(found: Survey): SnapshotInForce | undefined {
  const { state, stateMark, receiptsMark } = found;
  if (state === undefined || stateMark === undefined) return undefined;
  return {
    seq: Math.min(stateMark.mark.seq, receiptsMark?.mark.seq ?? 0),
    segment: Math.min(stateMark.segment, receiptsMark?.segment ?? 1),
    stateBytes: state.bytes,
  };
}
