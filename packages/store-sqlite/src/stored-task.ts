import type { Task } from '@execgo/core';
import { type Column, checkRow } from './checked-row.js';
import { fromColumn, toColumn } from './column-text.js';
import { damagedRow } from './store-errors.js';
import { lineOfRow, statusNumber } from './task-line.js';

/** A row of the table `tasks`. */
export type TaskColumns = readonly [
  submittedSeq: number,
  id: string,
  graphId: string,
  type: string,
  status: number,
  handleId: string | null,
  createdAt: number,
  updatedAt: number,
  lastSeq: number,
  annotated: number,
  state: string | null,
  crc: number,
];

/** The same with its spec. */
export type StoredTask = readonly [...TaskColumns, specSeq: number | null, spec: string | null, specCrc: number | null];

const TASK_WIDTH = 12;

/** Reads `StoredTask`, of one index where one is named. */
export function selectTask(condition: string, index?: string): string {
  const by = index === undefined ? '' : ` INDEXED BY ${index}`;
  return `SELECT tasks.*, specs.* FROM tasks${by} LEFT JOIN specs USING (submitted_seq) WHERE ${condition}`;
}

/** A task as the table has it, but for the checksum. */
export function columnsOf(task: Task, isAnnotated: boolean, state: string | null): readonly Column[] {
  return [
    task.submitted_seq,
    toColumn(task.id),
    toColumn(task.graph_id),
    toColumn(task.spec.type),
    statusNumber(task.status),
    task.handle_id === undefined ? null : toColumn(task.handle_id),
    task.created_at,
    task.updated_at,
    task.last_seq,
    isAnnotated ? 1 : 0,
    state,
  ];
}

/** @throws ExecGoError `internal` for a row that is damaged, or has lost its spec */
function checkStoredTask(file: string, columns: StoredTask): void {
  checkRow(file, 'tasks', columns, 0, TASK_WIDTH);
  if (columns[TASK_WIDTH] === null) throw damagedRow(file, 'specs', columns[0], 'is missing');
  checkRow(file, 'specs', columns, TASK_WIDTH);
}

/** The line that threads hand to each other. @throws ExecGoError `internal` as `checkStoredTask` does */
export function lineOfStored(file: string, columns: StoredTask): string {
  checkStoredTask(file, columns);
  const [submitted_seq, , graphId, , status, , created_at, updated_at, last_seq, , state, , , spec] = columns;
  const row = { submitted_seq, last_seq, status, created_at, updated_at, spec: spec as string, state };
  return lineOfRow(row, fromColumn(graphId));
}
