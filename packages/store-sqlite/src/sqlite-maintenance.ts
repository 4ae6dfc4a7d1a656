import { open, realpath, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type CopyProgress,
  EventEncoder,
  ExecGoError,
  errorMessage,
  type KeptReceipt,
  type OpenedStore,
  RECEIPT_RETENTION,
  type Receipt,
  reviveEvent,
  type StoreContents,
  type StoreMaintenance,
  type StoreReport,
  type Task,
  type TaskEvent,
} from '@execgo/core';
import { DirectoryLock } from '@execgo/store-lock';
import { isNothing, sizeOf } from './database-file.js';
import { DatabaseThread } from './database-thread.js';
import { draftOf, draftRemedy, hasDraft } from './draft-file.js';
import type { FillerOptions, FillProgress } from './filler.js';
import { DEFAULT_BUSY_TIMEOUT_MS, emitWarning, resolveFile } from './options.js';
import { readLines } from './read-page.js';
import type { EventPage, EventPageQuery, ReaderOptions, TaskBatch } from './reader.js';
import { systemCode } from './store-errors.js';
import { takePlace } from './store-locks.js';
import { lineOfTask, taskOfLine } from './task-line.js';

export interface SqliteMaintenanceOptions {
  /** The database. */
  readonly file: string;
  /** @default `process.emitWarning` */
  readonly onWarning?: (message: string) => void;
}

/** Backup, migration and inspection of a store in a database. Everything of SQLite is done in a thread. */
export function createSqliteMaintenance(options: SqliteMaintenanceOptions): StoreMaintenance {
  const file = resolveFile(options.file);
  const { onWarning = emitWarning } = options;
  return {
    read: () => readContents(file, onWarning),
    fill: (contents, onProgress) => fill(file, contents, onProgress ?? (() => {}), onWarning),
    inspect: () => inspect(file, onWarning),
    usedBy: () => usedBy(file),
  };
}

async function inspect(file: string, onWarning: (message: string) => void): Promise<StoreReport> {
  if ((sizeOf(file) ?? 0) === 0 && hasDraft(file)) {
    const message = 'a copy into it was begun and not finished';
    return {
      place: file,
      facts: {},
      findings: [{ severity: 'error', message, remedy: draftRemedy(file), file: draftOf(file) }],
    };
  }
  const thread = new DatabaseThread({ onWarning });
  try {
    const report = await thread.call<StoreReport>('inspect', file);
    const user = await usedBy(file).catch((error: unknown) => `somebody: ${errorMessage(error)}`);
    if (user === undefined) return report;
    return { ...report, findings: [...report.findings, { severity: 'note', message: `in use by ${user}` }] };
  } finally {
    await thread.close();
  }
}

/** Who has the folder of a database; the database itself has no owner. */
async function usedBy(file: string): Promise<string | undefined> {
  const folder = await realpath(file).then(dirname, () => dirname(file));
  const owner = await DirectoryLock.holder(folder).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  });
  return owner && `pid ${owner.pid} on ${owner.host} since ${owner.since}`;
}

async function readContents(file: string, onWarning: (message: string) => void): Promise<StoreContents> {
  if (isNothing(file)) throw new ExecGoError('not_found', `there is no store in ${file}`);
  const thread = new DatabaseThread({ onWarning });
  try {
    // A copy of what is left of a damaged log would look sound.
    await thread.call('checkLog', file);
    const options: ReaderOptions = { file, busyTimeoutMs: DEFAULT_BUSY_TIMEOUT_MS, receipts: RECEIPT_RETENTION };
    await thread.call('openReader', options);
    return new SqliteContents(thread, await thread.call<OpenedStore>('hold', undefined));
  } catch (error) {
    await thread.stop();
    throw error;
  }
}

/** One state of a database, read bit by bit while others go on writing. */
class SqliteContents implements StoreContents {
  readonly storeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  private closed: Promise<void> | undefined;

  constructor(
    private readonly thread: DatabaseThread,
    opened: OpenedStore,
  ) {
    this.storeId = opened.storeId;
    this.firstSeq = opened.firstSeq;
    this.lastSeq = opened.lastSeq;
  }

  async *tasks(after = 0): AsyncGenerator<readonly Task[]> {
    for (let from: number | undefined = after; from !== undefined; ) {
      const batch: TaskBatch = await this.thread.call('tasks', from);
      if (batch.count > 0) yield await readLines(batch, taskOfLine);
      from = batch.last;
    }
  }

  async *events(after = 0): AsyncGenerator<readonly TaskEvent[]> {
    for (let from = after; from < this.lastSeq; ) {
      const query: EventPageQuery = {
        after: from,
        until: this.lastSeq,
        isComplete: false,
        limit: Number.MAX_SAFE_INTEGER,
      };
      const page = await this.thread.call<EventPage>('events', query);
      if (page.count > 0) yield await readLines(page, (line) => reviveEvent(JSON.parse(line)));
      from = page.doneSeq;
    }
  }

  async *receipts(): AsyncGenerator<readonly KeptReceipt[]> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const batch: TaskBatch = await this.thread.call('receiptsAfter', from);
      if (batch.count > 0) yield await readLines(batch, receiptOfLine);
      from = batch.last;
    }
  }

  async close(): Promise<void> {
    this.closed ??= this.thread.close();
    await this.closed;
  }
}

function receiptOfLine(line: string): KeptReceipt {
  const [, key, created_at, receipt] = JSON.parse(line) as [number, string, number, Receipt];
  return { key, receipt: { ...receipt, created_at } };
}

async function fill(
  file: string,
  contents: StoreContents,
  onProgress: (progress: CopyProgress) => void,
  onWarning: (message: string) => void,
): Promise<void> {
  const place = await takePlace(file, dirname(file));
  try {
    if (!isNothing(place.file)) throw new ExecGoError('conflict', `there is a store in ${file} already`);
    const draft = draftOf(place.file);
    const thread = new DatabaseThread({ onWarning });
    try {
      await copy(thread, draft, contents, onProgress);
      await thread.close();
    } catch (error) {
      await thread.stop();
      throw error;
    }
    if ((sizeOf(`${draft}-wal`) ?? 0) > 0) throw new ExecGoError('unavailable', `${draft} could not be completed`);
    await flush(draft);
    await rename(draft, place.file);
    await flush(dirname(place.file));
  } finally {
    await place.release();
  }
}

async function copy(
  thread: DatabaseThread,
  file: string,
  contents: StoreContents,
  onProgress: (progress: CopyProgress) => void,
): Promise<void> {
  const { storeId, firstSeq, lastSeq } = contents;
  const found = await thread.call<FillProgress>('openFiller', {
    file,
    storeId,
    firstSeq,
    lastSeq,
  } satisfies FillerOptions);
  let done = found.tasks;
  for await (const tasks of contents.tasks(found.lastTask)) {
    // Of a batch that is there already in part or in whole, what is left may be nothing.
    if (tasks.length === 0) continue;
    await thread.call('addTasks', tasks.map(lineOfTask).join('\n'));
    done += tasks.length;
    onProgress({ part: 'tasks', done });
  }
  done = found.events;
  const encoder = new EventEncoder();
  for await (const events of contents.events(found.lastEvent)) {
    if (events.length === 0) continue;
    await thread.call('addEvents', events.map((event) => encoder.encode(event)).join('\n'));
    done += events.length;
    onProgress({ part: 'events', done });
  }
  done = 0;
  await thread.call('addReceipts', { isFirst: true, receipts: '[]' });
  for await (const receipts of contents.receipts()) {
    const texts = JSON.stringify(receipts.map(({ key, receipt }) => [key, receipt]));
    await thread.call('addReceipts', { isFirst: false, receipts: texts });
    done += receipts.length;
    onProgress({ part: 'receipts', done });
  }
  await thread.call('finish', undefined);
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
