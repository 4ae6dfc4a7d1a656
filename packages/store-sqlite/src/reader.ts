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
import { AbsentTasks } from './absent-task.js';
import { type CheckedTable, type Column, checkRow } from './checked-row.js';
import { fromColumn, toColumn } from './column-text.js';
import { isNothing, openReadable } from './database-file.js';
import type { ReceiptColumns } from './event-tables.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { type Page, pageOf } from './page.js';
import { damagedRow } from './store-errors.js';
import { type StoreRow, StoreTable } from './store-row.js';
import { lineOfStored, type StoredTask, selectTask, type TaskColumns } from './stored-task.js';
import { TaskFinder } from './task-finder.js';
import { FIRST_TERMINAL, statusNumber } from './task-line.js';

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

type EventColumns = readonly [seq: number, taskId: string | null, graphId: string, event: string, crc: number];

/**
 * The reads of a store, on a connection that cannot write. Each sees one state of the database from its beginning to its end,
 * and holds no state between calls.
 */
export class Reader {
  private readonly db: SqliteDatabase;
  private readonly file: string;
  private readonly receipts: ReceiptRetention;
  private readonly finder: TaskFinder;
  private readonly store: StoreTable;
  private readonly absent: AbsentTasks;
  private readonly begin: SqliteStatement;
  private readonly end: SqliteStatement;
  private readonly statements = new Map<string, SqliteStatement>();

  /** Whether one state is kept for all calls. */
  private isHeld = false;

  constructor({ file, busyTimeoutMs, receipts }: ReaderOptions) {
    if (isNothing(file)) throw new ExecGoError('unavailable', `${file}: there is no store`);
    this.db = openReadable(file, busyTimeoutMs);
    this.file = file;
    this.receipts = receipts;
    this.finder = new TaskFinder(this.db);
    this.begin = this.db.prepare('BEGIN');
    this.end = this.db.prepare('COMMIT');
    this.store = new StoreTable(this.db, file);
    this.absent = new AbsentTasks(this.db, file);
  }

  /** @param ids JSON of an array of ids. Each line begins with the place of its id. */
  getMany(ids: string): Page {
    return this.atOneMoment(({ last_seq }) => {
      const find = this.prepared(selectTask('id = ?'));
      const lines: string[] = [];
      for (const [place, id] of (JSON.parse(ids) as string[]).entries()) {
        const row = find.get(toColumn(id)) as StoredTask | undefined;
        if (row === undefined) {
          this.absent.confirm(id);
          continue;
        }
        lines.push(`${place} ${this.lineOf(row)}`);
        if (row[1] !== toColumn(id)) throw this.misplaced(row[0]);
      }
      return pageOf(lines, last_seq);
    });
  }

  list(query: TaskQuery): TaskListPage {
    return this.atOneMoment(({ last_seq }) => {
      const find = this.prepared(selectTask('submitted_seq = ?'));
      const limit = query.limit ?? Number.POSITIVE_INFINITY;
      const lines: string[] = [];
      let last = 0;
      let bytes = 0;
      for (const seq of this.finder.find(query)) {
        if (lines.length >= limit || bytes > MAX_PAGE_BYTES) return { ...pageOf(lines, last_seq), next: last };
        const row = find.get(seq) as StoredTask | undefined;
        if (row === undefined) throw damagedRow(this.file, 'tasks', seq, 'is missing');
        const line = this.lineOf(row);
        if (!matches(row, query)) throw this.misplaced(seq);
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
      const select = this.prepared(`SELECT * FROM events WHERE ${conditions.join(' AND ')} ORDER BY seq LIMIT ?`);
      const isEach = task_id === undefined && graph_id === undefined;
      let expected = Math.max(after + 1, first_seq);
      const lines: string[] = [];
      let units = 0;
      for (const columns of select.iterate(...values, Math.min(limit, BATCH_LINES)) as IterableIterator<EventColumns>) {
        checkRow(this.file, 'events', columns);
        const [seq, taskId, graphId, event] = columns;
        if (isEach && seq !== expected) throw damagedRow(this.file, 'events', expected, 'is missing');
        if (task_id !== undefined && taskId !== values[2]) throw this.misplaced(seq, 'events');
        if (graph_id !== undefined && graphId !== values.at(-1)) throw this.misplaced(seq, 'events');
        expected += 1;
        lines.push(event);
        units += event.length;
        if (units >= BATCH_UNITS) return { ...pageOf(lines, last_seq), doneSeq: seq };
        if (lines.length === BATCH_LINES) return { ...pageOf(lines, last_seq), doneSeq: seq };
      }
      if (isEach && lines.length < limit && expected <= until)
        throw damagedRow(this.file, 'events', expected, 'is missing');
      return { ...pageOf(lines, last_seq), doneSeq: until };
    });
  }

  /** Unfinished tasks submitted after a seq, oldest first. */
  unfinished(after: number): TaskBatch {
    return this.batch(selectTask('status < 2 AND submitted_seq > ?', 'tasks_unfinished'), after, isUnfinished);
  }

  /** Tasks submitted after a seq, oldest first. */
  tasks(after: number): TaskBatch {
    return this.batch(selectTask('submitted_seq > ?'), after);
  }

  finished({ after = 0, limit }: FinishedQuery): Answer<FinishedPage> {
    return this.atOneMoment(({ last_seq, finished }) => {
      const select = this.prepared(
        'SELECT * FROM tasks INDEXED BY tasks_finished WHERE status >= 2 AND last_seq > ? ORDER BY last_seq LIMIT ?',
      );
      const tasks: FinishedTask[] = [];
      for (const row of select.iterate(
        after,
        Math.min(limit, Number.MAX_SAFE_INTEGER),
      ) as IterableIterator<TaskColumns>) {
        checkRow(this.file, 'tasks', row);
        if (isUnfinished(row)) throw this.misplaced(row[0]);
        tasks.push(finishedOf(row));
      }
      return { value: { tasks, total: finished }, lastSeq: last_seq };
    });
  }

  receipt(key: string): Answer<Receipt | undefined> {
    return this.atOneMoment(({ last_seq, newest_timestamp }) => {
      const column = toColumn(JSON.parse(key) as string);
      const row = this.prepared('SELECT * FROM receipts WHERE key = ?').get(column) as ReceiptColumns | undefined;
      if (row === undefined) return { value: undefined, lastSeq: last_seq };
      checkRow(this.file, 'receipts', row);
      const [n, found, created_at, receipt] = row;
      if (found !== column) throw this.misplaced(n, 'receipts');
      const isKept = newest_timestamp - created_at <= this.receipts.maxAgeMs;
      const value = isKept ? { ...(JSON.parse(receipt) as Receipt), created_at } : undefined;
      return { value, lastSeq: last_seq };
    });
  }

  /** From here on every call sees the state of now. It ends with `close`; the log of the database cannot be shortened until then. */
  hold(): OpenedStore {
    this.begin.run();
    const { store_id, first_seq, last_seq } = this.store.read();
    this.isHeld = true;
    return { storeId: store_id, firstSeq: first_seq, lastSeq: last_seq };
  }

  /** Receipts with a place after this one, oldest first: each line is `[place, key, created_at, receipt]`. */
  receiptsAfter(place: number): TaskBatch {
    return this.atOneMoment(({ last_seq }) => {
      const select = this.prepared(`SELECT * FROM receipts WHERE n > ? ORDER BY n LIMIT ${BATCH_LINES}`);
      const lines: string[] = [];
      let last: number | undefined;
      for (const row of select.iterate(place) as IterableIterator<ReceiptColumns>) {
        checkRow(this.file, 'receipts', row);
        const [n, key, createdAt, receipt] = row;
        lines.push(`[${n},${JSON.stringify(fromColumn(key))},${createdAt},${receipt}]`);
        last = n;
      }
      return { ...pageOf(lines, last_seq), ...(last !== undefined && { last }) };
    });
  }

  close(): void {
    this.db.close();
  }

  private batch(select: string, after: number, belongs = (_row: StoredTask) => true): TaskBatch {
    const sql = `${select} ORDER BY submitted_seq LIMIT ${BATCH_LINES}`;
    return this.atOneMoment(({ last_seq }) => {
      const lines: string[] = [];
      let units = 0;
      let last: number | undefined;
      for (const row of this.prepared(sql).iterate(after) as IterableIterator<StoredTask>) {
        const line = this.lineOf(row);
        if (!belongs(row)) throw this.misplaced(row[0]);
        lines.push(line);
        units += line.length;
        last = row[0];
        if (units >= BATCH_UNITS) break;
      }
      return { ...pageOf(lines, last_seq), ...(last !== undefined && { last }) };
    });
  }

  private atOneMoment<T>(read: (row: StoreRow) => T): T {
    if (this.isHeld) return read(this.store.read());
    this.begin.run();
    try {
      return read(this.store.read());
    } finally {
      this.end.run();
    }
  }

  private lineOf(row: StoredTask): string {
    return lineOfStored(this.file, row);
  }

  /** An index leads to a row that does not have what it was looked up by. */
  private misplaced(row: number, table: CheckedTable = 'tasks'): ExecGoError {
    return damagedRow(this.file, table, row, 'is found by an index where it does not belong');
  }

  /** A statement that gives rows as arrays of their columns. */
  private prepared(sql: string): SqliteStatement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare<unknown[]>(sql).raw();
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

function isUnfinished(row: TaskColumns | StoredTask): boolean {
  return row[4] < FIRST_TERMINAL;
}

function matches(row: StoredTask, query: TaskQuery): boolean {
  const { status, type, graph_id, handle_id, annotations = {} } = query;
  const [, , graphColumn, typeColumn, statusColumn, handleColumn] = row;
  const isOne = (column: Column, text: string | undefined) => text === undefined || column === toColumn(text);
  if (status !== undefined && statusColumn !== statusNumber(status)) return false;
  if (!isOne(typeColumn, type) || !isOne(graphColumn, graph_id) || !isOne(handleColumn, handle_id)) return false;
  const wanted = Object.entries(annotations);
  if (wanted.length === 0) return true;
  const spec = JSON.parse(row[13] as string) as { readonly annotations?: Readonly<Record<string, string>> };
  return wanted.every(([key, value]) => spec.annotations?.[key] === value);
}

function finishedOf([submitted_seq, id, graphId, , , , , updated_at, last_seq]: TaskColumns): FinishedTask {
  return { id: fromColumn(id), graph_id: fromColumn(graphId), submitted_seq, last_seq, updated_at };
}

function gone(oldest: number): ExecGoError {
  return new ExecGoError('gone', `events up to seq ${oldest - 1} are no longer kept`, {
    details: { oldest_seq: oldest },
  });
}
