import { ExecGoError, type Receipt } from '@execgo/core';
import { isNothing, openWritable } from './database-file.js';
import { EventTable, ReceiptTable } from './event-tables.js';
import type { SqliteDatabase } from './load-sqlite.js';
import { DEFAULT_BUSY_TIMEOUT_MS, DEFAULT_CHECKPOINT_BYTES, DEFAULT_INTEGRITY_CHECK_BYTES } from './options.js';
import { EVENT_BYTES, type StoreRow, StoreTable } from './store-row.js';
import { FIRST_TERMINAL, specText, stateText, taskOfLine } from './task-line.js';
import { TaskTables } from './task-tables.js';

export interface FillerOptions {
  /** Not yet the name of a store: nobody opens it before it is complete. */
  readonly file: string;
  readonly storeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** What an earlier try has left in the file. */
export interface FillProgress {
  readonly tasks: number;
  /** `submitted_seq` of the last one. */
  readonly lastTask: number;
  readonly events: number;
  /** Seq of the last one; the one before the first where there is none. */
  readonly lastEvent: number;
}

/** Makes a database out of what another store holds, in batches, each a transaction. What it has is there after a crash. */
export class Filler {
  private readonly db: SqliteDatabase;
  private readonly store: StoreTable;
  private readonly row: StoreRow;
  private readonly tables: TaskTables;
  private readonly events: EventTable;

  /** @throws ExecGoError `conflict` for what is left of a copy of something else */
  constructor(private readonly options: FillerOptions) {
    const { file, storeId, firstSeq, lastSeq } = options;
    const isNew = isNothing(file);
    const durability = 'none';
    const opened = {
      file,
      durability,
      busyTimeoutMs: DEFAULT_BUSY_TIMEOUT_MS,
      checkpointBytes: DEFAULT_CHECKPOINT_BYTES,
      integrityCheckBytes: DEFAULT_INTEGRITY_CHECK_BYTES,
    } as const;
    // An unfinished copy says of itself that it has no event, so that it counts as sound.
    // That its log may end within a commit is what being continued means.
    const { db } = openWritable({ ...opened, isUnfinished: true }, () => {});
    this.db = db;
    try {
      db.pragma('wal_autocheckpoint = 1000');
      this.store = new StoreTable(db, file);
      const named = { store_id: storeId, first_seq: firstSeq, last_seq: lastSeq };
      if (isNew) this.store.write({ ...this.store.read(), ...named });
      this.row = this.store.read();
      const { store_id, first_seq, last_seq } = this.row;
      if (store_id !== storeId || first_seq !== firstSeq || last_seq !== lastSeq) {
        throw new ExecGoError(
          'conflict',
          `${file} is what is left of a copy of something else: look what it is, and remove it`,
        );
      }
    } catch (error) {
      db.close();
      throw error;
    }
    this.tables = new TaskTables(db, file);
    this.events = new EventTable(db, this.row);
  }

  progress(): FillProgress {
    const [tasks, lastTask] = this.numbers('SELECT count(*), coalesce(max(submitted_seq), 0) FROM tasks');
    const [events, lastEvent] = this.numbers('SELECT count(*), coalesce(max(seq), 0) FROM events');
    return { tasks, lastTask, events, lastEvent: Math.max(lastEvent, this.options.firstSeq - 1) };
  }

  addTasks(lines: string): void {
    this.together(() => {
      for (const line of lines.split('\n')) {
        const task = taskOfLine(line);
        this.tables.insert(task, specText(task.spec), stateText(task));
      }
    });
  }

  addEvents(lines: string): void {
    this.together(() => {
      for (const line of lines.split('\n')) this.events.add(JSON.parse(line), line);
    });
  }

  /** @param receipts JSON of `[key, receipt]`, oldest first */
  addReceipts({ isFirst, receipts }: { readonly isFirst: boolean; readonly receipts: string }): void {
    this.together(() => {
      if (isFirst) this.db.exec('DELETE FROM receipts');
      const table = new ReceiptTable(this.db, this.options.file, this.row);
      for (const [key, { created_at, ...receipt }] of JSON.parse(receipts) as [string, Receipt][]) {
        table.add(key, created_at, JSON.stringify(receipt));
      }
    });
  }

  /** The counters of a whole store, from what is there. */
  finish(): void {
    const { firstSeq, lastSeq, file } = this.options;
    const { events } = this.progress();
    if (events !== lastSeq - firstSeq + 1) {
      throw new ExecGoError('internal', `${file}: of the events ${firstSeq} to ${lastSeq} there are ${events}`);
    }
    this.together(() => {
      const [tasks, finished] = this.numbers(
        `SELECT count(*), coalesce(sum(status >= ${FIRST_TERMINAL}), 0) FROM tasks`,
      );
      const [bytes, newestTask] = this.numbers(
        `SELECT coalesce(sum(${EVENT_BYTES}), 0), coalesce((SELECT max(updated_at) FROM tasks), 0) FROM events`,
      );
      const [receipts, newestReceipt] = this.numbers('SELECT count(*), coalesce(max(created_at), 0) FROM receipts');
      const newestEvent = this.newestEvent();
      const newest_timestamp = Math.max(newestTask, newestReceipt, newestEvent);
      this.store.write({ ...this.store.read(), newest_timestamp, tasks, finished, receipts, event_bytes: bytes });
    });
  }

  close(): void {
    if (this.db.inTransaction) this.db.exec('ROLLBACK');
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  private newestEvent(): number {
    const text = this.db.prepare('SELECT event FROM events ORDER BY seq DESC LIMIT 1').pluck().get() as
      | string
      | undefined;
    return text === undefined ? 0 : (JSON.parse(text) as { timestamp: number }).timestamp;
  }

  private numbers(sql: string): [number, number] {
    return this.db.prepare(sql).raw().get() as [number, number];
  }

  private together(write: () => void): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }
}
