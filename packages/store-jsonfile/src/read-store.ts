import { createHash } from 'node:crypto';
import {
  ExecGoError,
  type KeptReceipt,
  nextTurn,
  type ReceiptRetention,
  type StoreContents,
  type Task,
  type TaskEvent,
  type TaskTable,
} from '@execgo/core';
import { type EventSource, readEventBatches } from './event-reader.js';
import type { FileSystem } from './file-system.js';
import { type LoadedStore, loadStore } from './load-store.js';
import { PinnedFiles } from './pinned-files.js';
import { cutBatches } from './state-file.js';
import { isMissing } from './store-errors.js';

/** How often the files are pinned anew because the store moved on while they were. Each time takes two snapshots at once. */
const MAX_TRIES = 10;
const BATCH = 500;
const STORE_ID_DIGITS = 16;

/** A store's files as they are at one moment, and what they come to. */
export interface PinnedStore extends LoadedStore {
  readonly files: PinnedFiles;
  /** undefined where nothing of a store is there. */
  readonly storeId: string | undefined;
  /** The journal that a start would keep, and what comes after which seq. */
  readonly source: EventSource;
  readonly firstSeq: number;
}

/**
 * Reads a store without its lock and without changing anything, also while a server writes to it: whole appends up to the
 * newest one that was complete at the moment, flushed or not, as a start after `kill -9` at that moment would find them.
 *
 * @throws ExecGoError `not_found` where there is no such directory, `internal` naming the place of damage
 */
export async function pinStore(
  fileSystem: FileSystem,
  directory: string,
  receipts: ReceiptRetention,
): Promise<PinnedStore> {
  for (let left = MAX_TRIES - 1; ; left -= 1) {
    const files = await pin(fileSystem, directory, left);
    if (files === undefined) continue;
    try {
      return pinnedStore(files, directory, await loadStore(files, directory, receipts));
    } catch (error) {
      // Where even that cannot be told the files are going away: to be looked at anew.
      const isOver = left === 0 || !(await files.isOutdated().catch(() => true));
      await files.close();
      if (isOver) throw error;
    }
  }
}

/** undefined where a file went away between its listing and its opening, and there is a try left. */
async function pin(fileSystem: FileSystem, directory: string, left: number): Promise<PinnedFiles | undefined> {
  try {
    return await PinnedFiles.open(fileSystem, directory);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const isThere = await fileSystem.list(directory).catch(() => undefined);
    if (isThere === undefined) throw notFound(directory);
    if (left === 0) throw error;
    return undefined;
  }
}

function pinnedStore(files: PinnedFiles, directory: string, loaded: LoadedStore): PinnedStore {
  const { found, imported, lastSeq } = loaded;
  const givenUp = imported === undefined ? found.scan.baseSeq : imported.lastSeq;
  const segments = found.scan.segments.filter(({ firstSeq }) => firstSeq > givenUp);
  return {
    ...loaded,
    files,
    storeId: found.storeId ?? (imported === undefined ? undefined : importedId(found.state?.crc32, imported.tasks)),
    source: { fileSystem: files, directory, journal: { segments } },
    firstSeq: segments[0]?.firstSeq ?? lastSeq + 1,
  };
}

/** A state file of another program has no name of its own; the same file gets the same one each time it is read. */
function importedId(crc32: string | undefined, tasks: readonly Task[]): string {
  const hash = createHash('sha256').update(`${crc32} ${tasks.length}`);
  for (const { id, created_at } of tasks) hash.update(`\n${created_at} ${id}`);
  return hash.digest('hex').slice(0, STORE_ID_DIGITS);
}

/** What a pinned store gives to a copy. */
export class PinnedContents implements StoreContents {
  readonly storeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  private readonly table: TaskTable;

  /** @throws ExecGoError `not_found` where nothing of a store is there */
  constructor(private readonly pinned: PinnedStore) {
    if (pinned.storeId === undefined) throw notFound(pinned.source.directory);
    this.storeId = pinned.storeId;
    this.firstSeq = pinned.firstSeq;
    this.lastSeq = pinned.lastSeq;
    this.table = pinned.table;
  }

  async *tasks(after = 0): AsyncGenerator<readonly Task[]> {
    for (const batch of cutBatches(this.table.cut())) {
      yield after === 0 ? batch : batch.filter(({ submitted_seq }) => submitted_seq > after);
      await nextTurn();
    }
  }

  async *events(after = 0): AsyncGenerator<readonly TaskEvent[]> {
    if (this.firstSeq > this.lastSeq) return;
    yield* readEventBatches(this.pinned.source, { after: Math.max(after, this.firstSeq - 1) }, this.lastSeq);
  }

  async *receipts(): AsyncGenerator<readonly KeptReceipt[]> {
    let batch: KeptReceipt[] = [];
    for (const [key, receipt] of this.table.allReceipts()) {
      batch.push({ key, receipt });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
      await nextTurn();
    }
    if (batch.length > 0) yield batch;
  }

  close(): Promise<void> {
    return this.pinned.files.close();
  }
}

function notFound(directory: string): ExecGoError {
  return new ExecGoError('not_found', `there is no store in ${directory}`, { details: { file: directory } });
}
