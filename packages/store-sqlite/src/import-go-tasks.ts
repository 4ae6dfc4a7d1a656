import { errorMessage, fromWire, isJsonObject, type Task } from '@execgo/core';
import type { SqliteDatabase } from './load-sqlite.js';
import { damaged } from './store-errors.js';
import { StoreTable } from './store-row.js';
import { specText, stateText } from './task-line.js';
import { TaskTables } from './task-tables.js';

/** Where the Go original keeps its tasks: `(id, payload)`, a task of the wire as JSON. */
export const GO_TABLE = 'execgo_tasks';

interface GoRow {
  readonly id: string;
  readonly payload: string | Buffer | null;
}

/**
 * Takes over the tasks of the Go original from a table in the same file, which stays as it is. They have no seqs: they get
 * the first ones, in the order in which they were created, and no events, so history begins after them. The caller has a
 * transaction open.
 *
 * @returns how many there were
 * @throws ExecGoError `internal` naming the task that cannot be used
 */
export function importGoTasks(db: SqliteDatabase, file: string): number {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(GO_TABLE);
  if (isThere === undefined) return 0;
  const order: { id: string; createdAt: number }[] = [];
  for (const row of db.prepare(`SELECT id, payload FROM ${GO_TABLE}`).iterate() as IterableIterator<GoRow>) {
    order.push({ id: row.id, createdAt: readTask(file, row, 0).created_at });
  }
  order.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const tables = new TaskTables(db, file);
  const find = db.prepare(`SELECT id, payload FROM ${GO_TABLE} WHERE id = ?`);
  let newest = 0;
  for (const [at, { id }] of order.entries()) {
    const task = readTask(file, find.get(id) as GoRow, at + 1);
    tables.insert(task, specText(task.spec), stateText(task));
    newest = Math.max(newest, task.updated_at);
  }
  const { tasks, finished } = tables;
  const store = new StoreTable(db, file);
  store.write({
    ...store.read(),
    first_seq: tasks + 1,
    last_seq: tasks,
    newest_timestamp: newest,
    tasks,
    finished,
  });
  return tasks;
}

function readTask(file: string, { id, payload }: GoRow, seq: number): Task {
  try {
    const value: unknown = JSON.parse(String(payload));
    const named = isJsonObject(value) ? { ...value, id } : value;
    return fromWire(named, { submitted_seq: seq, last_seq: seq });
  } catch (cause) {
    throw damaged(file, `the task ${JSON.stringify(id)} of its table ${GO_TABLE}: ${errorMessage(cause)}`, cause);
  }
}
