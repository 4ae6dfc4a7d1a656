import { isTerminal, type Task } from '@execgo/core';
import { checkRow, withChecksum } from './checked-row.js';
import { toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { damagedRow } from './store-errors.js';
import { columnsOf } from './stored-task.js';

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

  constructor(
    db: SqliteDatabase,
    private readonly file: string,
  ) {
    this.insertTask = db.prepare('INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.insertSpec = db.prepare('INSERT INTO specs VALUES (?, ?, ?)');
    this.insertAnnotation = db.prepare('INSERT INTO annotations VALUES (?, ?, ?)');
    this.updateTask = db.prepare(
      'UPDATE tasks SET status = ?, handle_id = ?, updated_at = ?, last_seq = ?, state = ?, crc = ? WHERE submitted_seq = ?',
    );
    this.deleteTask = db.prepare('DELETE FROM tasks WHERE submitted_seq = ?');
    this.deleteSpec = db.prepare('DELETE FROM specs WHERE submitted_seq = ?');
    this.deleteAnnotation = db.prepare('DELETE FROM annotations WHERE key = ? AND value = ? AND submitted_seq = ?');
    this.selectSpec = db.prepare<unknown[]>('SELECT * FROM specs WHERE submitted_seq = ?').raw();
  }

  /** A task that is not there: neither its id nor its seq. */
  insert(task: Task, spec: string, state: string | null): void {
    const annotations = Object.entries(task.spec.annotations ?? {});
    this.insertTask.run(...withChecksum('tasks', columnsOf(task, annotations.length > 0, state)));
    this.insertSpec.run(...withChecksum('specs', [task.submitted_seq, spec]));
    for (const [key, value] of annotations) {
      this.insertAnnotation.run(toColumn(key), toColumn(value), task.submitted_seq);
    }
    this.count(task, 1);
  }

  /** What events made of a task; its spec never changes. */
  update(before: Task, task: Task, isAnnotated: boolean, state: string | null): void {
    const columns = withChecksum('tasks', columnsOf(task, isAnnotated, state));
    const [seq, , , , status, handle, , updatedAt, lastSeq, , , crc] = columns;
    const { changes } = this.updateTask.run(status, handle, updatedAt, lastSeq, state, crc, seq);
    if (changes !== 1) throw damagedRow(this.file, 'tasks', task.submitted_seq, 'is missing');
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
    const row = this.selectSpec.get(seq) as readonly [number, string, number] | undefined;
    if (row === undefined) throw damagedRow(this.file, 'specs', seq, 'is missing');
    checkRow(this.file, 'specs', row);
    const { annotations = {} } = JSON.parse(row[1]) as {
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
