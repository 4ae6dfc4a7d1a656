import { applyEvent, type SingleTaskEvent, TASK_STATUSES, Task, TaskSpec } from '@execgo/core';
import { AbsentTasks } from './absent-task.js';
import { checkRow } from './checked-row.js';
import { fromColumn, toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { damagedRow } from './store-errors.js';
import type { TaskColumns } from './stored-task.js';
import { stateOf, stateText } from './task-line.js';
import { TaskTables } from './task-tables.js';

/** A task as the fold needs it: its spec holds nothing but id and type. */
interface KnownTask {
  readonly task: Task;
  /** Whether its spec, in the tables, has annotations. */
  readonly isAnnotated: boolean;
}

/** What a task becomes, and what the tables hold of it until it is written. */
interface Staged {
  readonly stored: KnownTask | undefined;
  readonly task: Task | undefined;
  /** JSON of the spec of a task that was submitted since. */
  readonly spec: string | undefined;
}

/** A new event of a task with the JSON of its spec, where it has one. */
export interface FoldedEvent {
  readonly event: SingleTaskEvent;
  readonly spec: string | undefined;
}

/**
 * Folds events into the tables of tasks: in memory first, so that a task is written once however many events it had. Nothing is
 * remembered between appends: SQLite has the pages of new tasks in its cache, and a cache of 20,000 tasks here saved no more
 * than 5 % of the time of an append that goes on with tasks of earlier ones.
 */
export class Fold {
  readonly tables: TaskTables;
  private readonly find: SqliteStatement;
  private readonly absent: AbsentTasks;
  private staged = new Map<string, Staged>();

  constructor(
    db: SqliteDatabase,
    private readonly file: string,
  ) {
    this.tables = new TaskTables(db, file);
    this.absent = new AbsentTasks(db, file);
    this.find = db.prepare<unknown[]>('SELECT * FROM tasks WHERE id = ?').raw();
  }

  /**
   * Takes the events of one append, all or none of them.
   * @throws ExecGoError `internal` for an event that is illegal where it stands, and for a task whose row is damaged
   */
  add(events: readonly FoldedEvent[]): void {
    const added = new Map<string, Staged>();
    for (const { event, spec } of events) {
      const id = event.task_id;
      const before = added.get(id) ?? this.staged.get(id) ?? this.unchanged(id);
      const task = applyEvent(before.task, event);
      added.set(id, { stored: before.stored, task, spec: task === undefined ? undefined : (spec ?? before.spec) });
    }
    if (this.staged.size === 0) this.staged = added;
    else for (const [id, staged] of added) this.staged.set(id, staged);
  }

  /** Writes what was added. */
  write(): void {
    for (const staged of this.staged.values()) this.writeTask(staged);
    this.staged = new Map();
  }

  private writeTask({ stored, task, spec }: Staged): void {
    const isNew = stored?.task.submitted_seq !== task?.submitted_seq;
    if (isNew && stored !== undefined) this.tables.remove(stored.task, stored.isAnnotated);
    if (task === undefined) return;
    const state = stateText(task);
    if (isNew) this.tables.insert(task, spec as string, state);
    else this.tables.update((stored as KnownTask).task, task, (stored as KnownTask).isAnnotated, state);
  }

  private unchanged(id: string): Staged {
    const stored = this.look(id);
    return { stored, task: stored?.task, spec: undefined };
  }

  private look(id: string): KnownTask | undefined {
    const columns = this.find.get(toColumn(id)) as TaskColumns | undefined;
    if (columns === undefined) {
      this.absent.confirm(id);
      return undefined;
    }
    checkRow(this.file, 'tasks', columns);
    const [seq, idColumn, graphId, type, status, , createdAt, updatedAt, lastSeq, annotated, stateColumn] = columns;
    if (idColumn !== toColumn(id)) throw damagedRow(this.file, 'tasks', seq, 'is found by the id of another');
    const { error, runtime } = stateOf(stateColumn);
    const task = new Task(
      bareSpec(id, fromColumn(type)),
      fromColumn(graphId),
      TASK_STATUSES[status] as Task['status'],
      createdAt,
      updatedAt,
      seq,
      lastSeq,
      error,
      runtime,
    );
    return { task, isAnnotated: annotated === 1 };
  }
}

function bareSpec(id: string, type: string): TaskSpec {
  return new TaskSpec(id, type, undefined, undefined, undefined, undefined, [], 0, 0, undefined, 0, 'retry');
}
