import type { TaskEvent } from '@execgo/core';
import { checkRow } from './checked-row.js';
import { toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { damaged, LOOK } from './store-errors.js';

type EventColumns = readonly [seq: number, taskId: string, graphId: string, event: string, crc: number];

/**
 * Confirms that a task is not there. A damaged index can hide one, and no checksum tells; but the events of the task stand in an
 * index of their own, and the newest of a task that is not there has deleted it. It says nothing of a task whose events are no
 * longer kept.
 */
export class AbsentTasks {
  private readonly newestEvent: SqliteStatement;

  constructor(
    db: SqliteDatabase,
    private readonly file: string,
  ) {
    this.newestEvent = db.prepare<unknown[]>('SELECT * FROM events WHERE task_id = ? ORDER BY seq DESC LIMIT 1').raw();
  }

  /** @throws ExecGoError `internal` where there must be a task with this id */
  confirm(id: string): void {
    const columns = this.newestEvent.get(toColumn(id)) as EventColumns | undefined;
    if (columns === undefined) return;
    checkRow(this.file, 'events', columns);
    const { type, seq } = JSON.parse(columns[3]) as TaskEvent;
    if (type === 'task_deleted') return;
    throw damaged(
      this.file,
      `the task ${JSON.stringify(id)} is not found, and its newest event, ${seq}, says ${type}: ${LOOK}`,
    );
  }
}
