import { isTerminal, type Task } from '@execgo/core';
import { toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { statusNumber } from './task-line.js';

/** Writes tasks with all that belongs to them, and counts them. What happens between is the caller's transaction. */
export class TaskTables {
  /** Change of the number of tasks since it was made. */
  tasks = 0;
  /** And of the number of terminal ones. */
  finished = 0;
  private readonly insertTask: SqliteStatement;
  private readonly insertSpec: SqliteStatement;
  private readonly insertAnnotation: SqliteStatement;
  private readonly updateTask: SqliteStatement;
  private readonly deleteTask: SqliteStatement;
  private readonly deleteSpec: SqliteStatement;
  private readonly deleteAnnotation: SqliteStatement;
  private readonly selectSpec: SqliteStatement;

  constructor(db: SqliteDatabase) {
    this.insertTask = db.prepare('INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.insertSpec = db.prepare('INSERT INTO specs VALUES (?, ?)');
    this.insertAnnotation = db.prepare('INSERT INTO annotations VALUES (?, ?, ?)');
    this.updateTask = db.prepare(
      'UPDATE tasks SET status = ?, handle_id = ?, updated_at = ?, last_seq = ?, state = ? WHERE submitted_seq = ?',
    );
    this.deleteTask = db.prepare('DELETE FROM tasks WHERE submitted_seq = ?');
    this.deleteSpec = db.prepare('DELETE FROM specs WHERE submitted_seq = ?');
    this.deleteAnnotation = db.prepare('DELETE FROM annotations WHERE key = ? AND value = ? AND submitted_seq = ?');
    this.selectSpec = db.prepare('SELECT spec FROM specs WHERE submitted_seq = ?').pluck();
  }

  /** A task that is not there: neither its id nor its seq. */
  insert(task: Task, spec: string, state: string | null): void {
    const annotations = Object.entries(task.spec.annotations ?? {});
    this.insertTask.run(
      task.submitted_seq,
      toColumn(task.id),
      toColumn(task.graph_id),
      toColumn(task.spec.type),
      statusNumber(task.status),
      handleOf(task),
      task.created_at,
      task.updated_at,
      task.last_seq,
      annotations.length > 0 ? 1 : 0,
      state,
    );
    this.insertSpec.run(task.submitted_seq, spec);
    for (const [key, value] of annotations) {
      this.insertAnnotation.run(toColumn(key), toColumn(value), task.submitted_seq);
    }
    this.count(task, 1);
  }

  /** What events made of a task; its spec never changes. */
  update(before: Task, task: Task, state: string | null): void {
    this.updateTask.run(
      statusNumber(task.status),
      handleOf(task),
      task.updated_at,
      task.last_seq,
      state,
      task.submitted_seq,
    );
    this.count(before, -1);
    this.count(task, 1);
  }

  remove(task: Task, isAnnotated: boolean): void {
    if (isAnnotated) this.removeAnnotations(task.submitted_seq);
    this.deleteSpec.run(task.submitted_seq);
    this.deleteTask.run(task.submitted_seq);
    this.count(task, -1);
  }

  private removeAnnotations(seq: number): void {
    const { annotations = {} } = JSON.parse(this.selectSpec.get(seq) as string) as {
      annotations?: Record<string, string>;
    };
    for (const [key, value] of Object.entries(annotations)) {
      this.deleteAnnotation.run(toColumn(key), toColumn(value), seq);
    }
  }

  private count({ status }: Task, change: number): void {
    this.tasks += change;
    if (isTerminal(status)) this.finished += change;
  }
}

function handleOf({ handle_id }: Task): string | null {
  return handle_id === undefined ? null : toColumn(handle_id);
}
