import { join } from 'node:path';
import { type Checksum, checksumOf, readText } from './checked-file.js';
import type { FileReader } from './file-system.js';
import { RECEIPTS_FILE } from './receipts-file.js';
import { type JournalScan, type PlacedMark, scanJournal } from './scan-journal.js';
import { STATE_FILE } from './state-file.js';
import { damaged } from './store-damage.js';
import { readStoreId, STORE_FILE } from './store-file.js';

/** What is in a store's directory, checked and unchanged. */
export interface Survey {
  /** undefined in a directory that is not a store yet, or whose creation a crash cut short. */
  readonly storeId: string | undefined;
  readonly scan: JournalScan;
  /** Undefined where there is no state file, or an empty one. */
  readonly state: Checksum | undefined;
  /** The newest line that tells of this very state file. */
  readonly stateMark: PlacedMark | undefined;
  /** The newest line that tells of the receipts file as it is. */
  readonly receiptsMark: PlacedMark | undefined;
}

/** A state file of this size may be blank; a longer one never is. */
const MAX_BLANK_BYTES = 1024;

/** @throws ExecGoError `internal` for damage, naming the place */
export async function survey(fileSystem: FileReader, directory: string): Promise<Survey> {
  const storeId = await readStoreId(fileSystem, directory);
  const scan = await scanJournal(fileSystem, directory);
  const storeFile = join(directory, STORE_FILE);
  if (storeId === undefined && scan.segments.some(({ firstSeq, lastSeq }) => lastSeq >= firstSeq)) {
    throw damaged(storeFile, 'it is missing, and there is a journal with events');
  }
  if (storeId !== undefined && scan.segments.length === 0)
    throw damaged(storeFile, 'the journal it belongs to is missing');
  const state = await stateChecksum(fileSystem, directory);
  const receipts = await checksumOf(fileSystem, directory, RECEIPTS_FILE);
  const stateMark = scan.marks.findLast(({ mark }) => mark.crc32 === state?.crc32);
  const receiptsMark = scan.marks.findLast(({ mark }) => mark.receipts_crc32 === receipts?.crc32);
  if (receipts !== undefined && receiptsMark === undefined && storeId !== undefined) {
    throw damaged(
      join(directory, RECEIPTS_FILE),
      'it is not what was written: no line of the journal has its checksum',
    );
  }
  return { storeId, scan, state, stateMark, receiptsMark };
}

/**
 * Where replay starts: for tasks and for receipts, after which seq. Without a snapshot that is the beginning of the journal.
 *
 * @throws ExecGoError `internal` where the journal does not reach back that far
 */
export function replayStart(
  directory: string,
  found: Survey,
): { readonly stateSeq: number; readonly receiptsSeq: number } {
  const stateSeq = found.stateMark?.mark.seq ?? 0;
  const receiptsSeq = found.receiptsMark?.mark.seq ?? 0;
  const { segments, baseSeq } = found.scan;
  const reach = Math.max(baseSeq, (segments[0]?.firstSeq ?? 1) - 1);
  if (stateSeq < reach) throw beyondReach(join(directory, STATE_FILE), stateSeq, reach);
  if (receiptsSeq < reach) throw beyondReach(join(directory, RECEIPTS_FILE), receiptsSeq, reach);
  return { stateSeq, receiptsSeq };
}

function beyondReach(path: string, seq: number, reach: number): Error {
  return damaged(
    path,
    `${seq === 0 ? 'it is missing' : `it ends with seq ${seq}`}, and the journal begins after seq ${reach}`,
  );
}

async function stateChecksum(fileSystem: FileReader, directory: string): Promise<Checksum | undefined> {
  const checksum = await checksumOf(fileSystem, directory, STATE_FILE);
  if (checksum === undefined || checksum.bytes > MAX_BLANK_BYTES) return checksum;
  return (await readText(fileSystem, directory, STATE_FILE)).trim() === '' ? undefined : checksum;
}
