import type { TaskQuery } from '@execgo/core';
import { toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { statusNumber } from './task-line.js';

/** Gives the newest task of one filter that was submitted at or before a seq; undefined where there is none. */
type Seek = (seq: number) => number | undefined;

/**
 * Finds tasks that match a query, newest first. Every filter has an index in which its tasks stand by `submitted_seq`; each
 * is asked in turn for its next one at or before the place that the others have come to. So a rare filter leaps over what a
 * common one has between.
 */
export class TaskFinder {
  private readonly anyTask: SqliteStatement;
  private readonly byStatus: SqliteStatement;
  private readonly byType: SqliteStatement;
  private readonly byGraph: SqliteStatement;
  private readonly byHandle: SqliteStatement;
  private readonly byAnnotation: SqliteStatement;

  constructor(db: SqliteDatabase) {
    const newest = (index: string, condition: string) =>
      db
        .prepare(
          `SELECT submitted_seq FROM tasks INDEXED BY ${index} WHERE ${condition} AND submitted_seq <= ? ORDER BY submitted_seq DESC LIMIT 1`,
        )
        .pluck();
    this.anyTask = db
      .prepare('SELECT submitted_seq FROM tasks WHERE submitted_seq <= ? ORDER BY submitted_seq DESC LIMIT 1')
      .pluck();
    this.byStatus = newest('tasks_by_status', 'status = ?');
    this.byType = newest('tasks_by_type', 'type = ?');
    this.byGraph = newest('tasks_by_graph', 'graph_id = ?');
    this.byHandle = newest('tasks_by_handle', 'handle_id = ?');
    this.byAnnotation = db
      .prepare(
        'SELECT submitted_seq FROM annotations WHERE key = ? AND value = ? AND submitted_seq <= ? ORDER BY submitted_seq DESC LIMIT 1',
      )
      .pluck();
  }

  /** Their seqs, as long as they are asked for. */
  *find(query: TaskQuery): IterableIterator<number> {
    const seeks = this.seeksOf(query);
    let at = Math.min((query.before ?? Number.POSITIVE_INFINITY) - 1, Number.MAX_SAFE_INTEGER);
    for (let agreed = 0; ; ) {
      for (const seek of seeks) {
        const found = seek(at);
        if (found === undefined) return;
        agreed = found === at ? agreed + 1 : 1;
        at = found;
        if (agreed >= seeks.length) break;
      }
      if (agreed < seeks.length) continue;
      yield at;
      at -= 1;
      agreed = 0;
    }
  }

  private seeksOf({ status, type, graph_id, handle_id, annotations }: TaskQuery): readonly Seek[] {
    const seeks: Seek[] = [];
    const add = (statement: SqliteStatement, ...values: readonly (string | number)[]) =>
      seeks.push((seq) => statement.get(...values, seq) as number | undefined);
    if (handle_id !== undefined) add(this.byHandle, toColumn(handle_id));
    if (graph_id !== undefined) add(this.byGraph, toColumn(graph_id));
    for (const [key, value] of Object.entries(annotations ?? {})) {
      add(this.byAnnotation, toColumn(key), toColumn(value));
    }
    if (status !== undefined) add(this.byStatus, statusNumber(status));
    if (type !== undefined) add(this.byType, toColumn(type));
    if (seeks.length === 0) add(this.anyTask);
    return seeks;
  }
}
