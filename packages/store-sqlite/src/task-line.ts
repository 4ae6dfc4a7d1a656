import {
  type Json,
  type ProgressEntry,
  type RunStatus,
  type RuntimeError,
  specFromWire,
  specToWire,
  TASK_STATUSES,
  Task,
  TaskRuntime,
  type TaskSpec,
  type TaskStatus,
} from '@execgo/core';

/** A task as a table holds it. */
export interface TaskRow {
  readonly submitted_seq: number;
  readonly last_seq: number;
  /** Place in `TASK_STATUSES`. */
  readonly status: number;
  readonly created_at: number;
  readonly updated_at: number;
  /** JSON of the spec, in the wire's form. */
  readonly spec: string;
  /** JSON of the rest; null while there is none. */
  readonly state: string | null;
}

/** What follows from a task's events beside its columns. */
interface State {
  readonly error?: string;
  readonly runtime?: {
    readonly status: RunStatus;
    readonly attempt: number;
    readonly started_at?: number;
    readonly finished_at?: number;
    readonly handle_id?: string;
    readonly output?: Json;
    readonly error?: RuntimeError;
    readonly details?: Json;
    readonly progress?: readonly ProgressEntry[];
    readonly not_before?: number;
    readonly crash_resets: number;
  };
}

type TaskLine = readonly [
  submittedSeq: number,
  lastSeq: number,
  status: number,
  createdAt: number,
  updatedAt: number,
  graphId: string,
  spec: Record<string, unknown>,
  state: State | null,
];

/** Terminal statuses have this place in `TASK_STATUSES`, or a later one. The schema counts on it. */
export const FIRST_TERMINAL = TASK_STATUSES.indexOf('success');

export function statusNumber(status: TaskStatus): number {
  return TASK_STATUSES.indexOf(status);
}

/** JSON of the spec: what `specFromWire` reads. */
export function specText(spec: TaskSpec): string {
  return JSON.stringify(specToWire(spec));
}

/** JSON of what events made of a task; null for one that waits for its first attempt. */
export function stateText({ error, runtime }: Task): string | null {
  return error === undefined && runtime === undefined ? null : JSON.stringify({ error, runtime });
}

/** One line of text that threads hand to each other. */
export function lineOfRow(row: TaskRow, graphId: string): string {
  return `[${row.submitted_seq},${row.last_seq},${row.status},${row.created_at},${row.updated_at},${JSON.stringify(graphId)},${row.spec},${row.state}]`;
}

export function lineOfTask(task: Task): string {
  const { submitted_seq, last_seq, created_at, updated_at } = task;
  const status = statusNumber(task.status);
  const row = {
    submitted_seq,
    last_seq,
    status,
    created_at,
    updated_at,
    spec: specText(task.spec),
    state: stateText(task),
  };
  return lineOfRow(row, task.graph_id);
}

export function taskOfLine(line: string): Task {
  const [submittedSeq, lastSeq, status, createdAt, updatedAt, graphId, spec, state] = JSON.parse(line) as TaskLine;
  return new Task(
    specFromWire(spec),
    graphId,
    TASK_STATUSES[status] as TaskStatus,
    createdAt,
    updatedAt,
    submittedSeq,
    lastSeq,
    state?.error,
    runtimeOf(state),
  );
}

export function stateOf(text: string | null): { error: string | undefined; runtime: TaskRuntime | undefined } {
  const state = text === null ? null : (JSON.parse(text) as State);
  return { error: state?.error, runtime: runtimeOf(state) };
}

function runtimeOf(state: State | null): TaskRuntime | undefined {
  const run = state?.runtime;
  if (run === undefined) return undefined;
  return new TaskRuntime(
    run.status,
    run.attempt,
    run.started_at,
    run.finished_at,
    run.handle_id,
    run.output,
    run.error,
    run.details,
    run.progress,
    run.not_before,
    run.crash_resets,
  );
}
