import {
  ExecGoError,
  type FinishedPage,
  type FinishedQuery,
  type FinishedTask,
  MAX_PAGE_BYTES,
  type OpenedStore,
  type Receipt,
  type ReceiptRetention,
  type TaskQuery,
} from '@execgo/core';
import { fromColumn, toColumn } from './column-text.js';
import { isNothing, openReadable } from './database-file.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { type Page, pageOf } from './page.js';
import { readStoreRow, type StoreRow } from './store-row.js';
import { TaskFinder } from './task-finder.js';
import { lineOfRow, type TaskRow } from './task-line.js';

/** Bytes that a task is counted with in a page, besides its spec and state. */
const TASK_OVERHEAD_BYTES = 150;
/** A batch ends at so many lines, or at so much text, in UTF-16 units. */
const BATCH_LINES = 1000;
const BATCH_UNITS = 256 * 1024;

export interface ReaderOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly receipts: ReceiptRetention;
}

export interface EventPageQuery {
  /** Only events after this seq. */
  readonly after: number;
  /** No event after this seq. */
  readonly until: number;
  /** Whether events after `after` that are no longer kept are an error. */
  readonly isComplete: boolean;
  readonly limit: number;
  readonly task_id?: string;
  readonly graph_id?: string;
}

export interface EventPage extends Page {
  /** Every event up to here was looked at. */
  readonly doneSeq: number;
}

export interface TaskListPage extends Page {
  readonly next?: number;
}

export interface TaskBatch extends Page {
  /** `submitted_seq` of the last one; undefined for none. */
  readonly last?: number;
}

export interface Answer<T> {
  readonly value: T;
  readonly lastSeq: number;
}

interface StoredTask extends TaskRow {
  readonly graph_id: string;
}

type FinishedRow = readonly [id: string, graphId: string, submittedSeq: number, lastSeq: number, updatedAt: number];
type EventRow = readonly [seq: number, event: string];
const TASK_COLUMNS =
  'submitted_seq, last_seq, status, created_at, updated_at, graph_id, state, spec FROM tasks JOIN specs USING (submitted_seq)';

/**
 * The reads of a store, on a connection that cannot write. Each sees one state of the database from its beginning to its end,
 * and holds no state between calls.
 */
export class Reader {
  private readonly db: SqliteDatabase;
  private readonly file: string;
  private readonly receipts: ReceiptRetention;
  private readonly finder: TaskFinder;
  private readonly statements = new Map<string, SqliteStatement>();

  /** Whether one state is kept for all calls. */
  private isHeld = false;

  constructor({ file, busyTimeoutMs, receipts }: ReaderOptions) {
    if (isNothing(file)) throw new ExecGoError('unavailable', `${file}: there is no store`);
    this.db = openReadable(file, busyTimeoutMs);
    this.file = file;
    this.receipts = receipts;
    this.finder = new TaskFinder(this.db);
  }

  /** @param ids JSON of an array of ids. Each line begins with the place of its id. */
  getMany(ids: string): Page {
    return this.atOneMoment(({ last_seq }) => {
      const find = this.prepared(`SELECT ${TASK_COLUMNS} WHERE id = ?`);
      const lines: string[] = [];
      for (const [place, id] of (JSON.parse(ids) as string[]).entries()) {
        const row = find.get(toColumn(id)) as StoredTask | undefined;
        if (row !== undefined) lines.push(`${place} ${lineOf(row)}`);
      }
      return pageOf(lines, last_seq);
    });
  }

  list(query: TaskQuery): TaskListPage {
    return this.atOneMoment(({ last_seq }) => {
      const find = this.prepared(`SELECT ${TASK_COLUMNS} WHERE submitted_seq = ?`);
      const limit = query.limit ?? Number.POSITIVE_INFINITY;
      const lines: string[] = [];
      let last = 0;
      let bytes = 0;
      for (const seq of this.finder.find(query)) {
        if (lines.length >= limit || bytes > MAX_PAGE_BYTES) return { ...pageOf(lines, last_seq), next: last };
        const line = lineOf(find.get(seq) as StoredTask);
        lines.push(line);
        bytes += line.length + TASK_OVERHEAD_BYTES;
        last = seq;
      }
      return pageOf(lines, last_seq);
    });
  }

  /** @throws ExecGoError `gone` with the oldest seq that is kept */
  events({ after, until, isComplete, limit, task_id, graph_id }: EventPageQuery): EventPage {
    return this.atOneMoment(({ first_seq, last_seq }) => {
      if (isComplete && after + 1 < first_seq) throw gone(first_seq);
      const conditions = ['seq > ?', 'seq <= ?'];
      const values: (string | number)[] = [after, until];
      if (task_id !== undefined) {
        conditions.push('task_id = ?');
        values.push(toColumn(task_id));
      }
      if (graph_id !== undefined) {
        // One index alone stands in order of seq, and a task has fewer events than a graph.
        conditions.push(task_id === undefined ? 'graph_id = ?' : '+graph_id = ?');
        values.push(toColumn(graph_id));
      }
      const select = this.prepared(
        `SELECT seq, event FROM events WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ?`,
      ).raw();
      const lines: string[] = [];
      let units = 0;
      for (const [seq, event] of select.iterate(
        ...values,
        Math.min(limit, BATCH_LINES),
      ) as IterableIterator<EventRow>) {
        lines.push(event);
        units += event.length;
        if (units >= BATCH_UNITS) return { ...pageOf(lines, last_seq), doneSeq: seq };
        if (lines.length === BATCH_LINES) return { ...pageOf(lines, last_seq), doneSeq: seq };
      }
      return { ...pageOf(lines, last_seq), doneSeq: until };
    });
  }

  /** Unfinished tasks submitted after a seq, oldest first. */
  unfinished(after: number): TaskBatch {
    const from = `${TASK_COLUMNS.replace('FROM tasks', 'FROM tasks INDEXED BY tasks_unfinished')} WHERE status < 2 AND`;
    return this.batch(`SELECT ${from} submitted_seq > ? ORDER BY submitted_seq LIMIT ${BATCH_LINES}`, after);
  }

  /** Tasks submitted after a seq, oldest first. */
  tasks(after: number): TaskBatch {
    return this.batch(
      `SELECT ${TASK_COLUMNS} WHERE submitted_seq > ? ORDER BY submitted_seq LIMIT ${BATCH_LINES}`,
      after,
    );
  }

  finished({ after = 0, limit }: FinishedQuery): Answer<FinishedPage> {
    return this.atOneMoment(({ last_seq, finished }) => {
      const select = this.prepared(
        'SELECT id, graph_id, submitted_seq, last_seq, updated_at FROM tasks INDEXED BY tasks_finished WHERE status >= 2 AND last_seq > ? ORDER BY last_seq LIMIT ?',
      );
      const rows = select.raw().all(after, Math.min(limit, Number.MAX_SAFE_INTEGER)) as FinishedRow[];
      const tasks = rows.map(finishedOf);
      return { value: { tasks, total: finished }, lastSeq: last_seq };
    });
  }

  receipt(key: string): Answer<Receipt | undefined> {
    return this.atOneMoment(({ last_seq, newest_timestamp }) => {
      const select = this.prepared('SELECT created_at, receipt FROM receipts WHERE key = ?');
      const row = select.get(toColumn(JSON.parse(key) as string)) as
        | { created_at: number; receipt: string }
        | undefined;
      const isKept = row !== undefined && newest_timestamp - row.created_at <= this.receipts.maxAgeMs;
      const value = isKept ? { ...(JSON.parse(row.receipt) as Receipt), created_at: row.created_at } : undefined;
      return { value, lastSeq: last_seq };
    });
  }

  /** From here on every call sees the state of now. It ends with `close`; the log of the database cannot be shortened until then. */
  hold(): OpenedStore {
    this.prepared('BEGIN').run();
    const { store_id, first_seq, last_seq } = readStoreRow(this.db, this.file);
    this.isHeld = true;
    return { storeId: store_id, firstSeq: first_seq, lastSeq: last_seq };
  }

  /** Receipts with a place after this one, oldest first: each line is `[place, key, created_at, receipt]`. */
  receiptsAfter(place: number): TaskBatch {
    return this.atOneMoment(({ last_seq }) => {
      const select = this.prepared(
        `SELECT n, key, created_at, receipt FROM receipts WHERE n > ? ORDER BY n LIMIT ${BATCH_LINES}`,
      );
      const rows = select.all(place) as { n: number; key: string; created_at: number; receipt: string }[];
      const lines = rows.map(
        (row) => `[${row.n},${JSON.stringify(fromColumn(row.key))},${row.created_at},${row.receipt}]`,
      );
      const last = rows.at(-1)?.n;
      return { ...pageOf(lines, last_seq), ...(last !== undefined && { last }) };
    });
  }

  close(): void {
    this.db.close();
  }

  private batch(sql: string, after: number): TaskBatch {
    return this.atOneMoment(({ last_seq }) => {
      const lines: string[] = [];
      let units = 0;
      let last: number | undefined;
      for (const row of this.prepared(sql).iterate(after) as IterableIterator<StoredTask>) {
        const line = lineOf(row);
        lines.push(line);
        units += line.length;
        last = row.submitted_seq;
        if (units >= BATCH_UNITS) break;
      }
      return { ...pageOf(lines, last_seq), ...(last !== undefined && { last }) };
    });
  }

  private atOneMoment<T>(read: (row: StoreRow) => T): T {
    if (this.isHeld) return read(readStoreRow(this.db, this.file));
    this.prepared('BEGIN').run();
    try {
      return read(readStoreRow(this.db, this.file));
    } finally {
      this.prepared('COMMIT').run();
    }
  }

  private prepared(sql: string): SqliteStatement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare<unknown[]>(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function lineOf(row: StoredTask): string {
  return lineOfRow(row, fromColumn(row.graph_id));
}

function finishedOf([id, graphId, submitted_seq, last_seq, updated_at]: FinishedRow): FinishedTask {
  return { id: fromColumn(id), graph_id: fromColumn(graphId), submitted_seq, last_seq, updated_at };
}

function gone(oldest: number): ExecGoError {
  return new ExecGoError('gone', `events up to seq ${oldest - 1} are no longer kept`, {
    details: { oldest_seq: oldest },
  });
}
