import type { Json } from './json.js';
import type { OutputStream } from './ports/output-store.js';
import type { ProgressEntry, RuntimeError, TaskSpec } from './task.js';

interface EventBase {
  /** Place in the one sequence of the store: starts at 1, no gap, no repeat, also across restarts. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly graph_id: string;
}

interface TaskEventBase extends EventBase {
  readonly task_id: string;
}

/** What a repeated submission with the same idempotency key is answered with. */
export interface ReceiptSeed {
  /** The caller's key, already prefixed with the caller. */
  readonly key: string;
  /** SHA-256 of the normalised specs, hex. */
  readonly digest: string;
  readonly task_ids: readonly string[];
  readonly warnings?: readonly string[];
}

export interface GraphSubmitted extends EventBase {
  readonly type: 'graph_submitted';
  readonly actor?: string;
  readonly receipt?: ReceiptSeed;
}

export interface TaskSubmitted extends TaskEventBase {
  readonly type: 'task_submitted';
  readonly spec: TaskSpec;
}

export interface TaskStarted extends TaskEventBase {
  readonly type: 'task_started';
  readonly attempt: number;
}

export interface TaskAccepted extends TaskEventBase {
  readonly type: 'task_accepted';
  readonly handle_id: string;
}

export interface TaskRetried extends TaskEventBase {
  readonly type: 'task_retried';
  /** The attempt that failed. */
  readonly attempt: number;
  readonly error: RuntimeError;
  /** Output of the failed attempt, where there was one. */
  readonly result?: Json | undefined;
  /** Epoch milliseconds. */
  readonly not_before: number;
}

export interface TaskReset extends TaskEventBase {
  readonly type: 'task_reset';
  readonly reason: 'shutdown' | 'crash';
}

export interface TaskSucceeded extends TaskEventBase {
  readonly type: 'task_succeeded';
  readonly result?: Json | undefined;
  readonly details?: Json | undefined;
  /** The newest 100 notes of the attempt. */
  readonly progress?: readonly ProgressEntry[] | undefined;
}

export interface TaskFailed extends TaskEventBase {
  readonly type: 'task_failed';
  readonly error: RuntimeError;
  readonly result?: Json | undefined;
  readonly details?: Json | undefined;
  readonly progress?: readonly ProgressEntry[] | undefined;
}

export interface TaskCancelled extends TaskEventBase {
  readonly type: 'task_cancelled';
  readonly error: RuntimeError;
  readonly actor?: string;
  readonly result?: Json | undefined;
  readonly details?: Json | undefined;
  readonly progress?: readonly ProgressEntry[] | undefined;
}

export interface TaskSkipped extends TaskEventBase {
  readonly type: 'task_skipped';
  /** The dependency that did not succeed. */
  readonly dependency: string;
  /** Whether that dependency failed itself or was skipped. */
  readonly because: 'failed' | 'skipped';
}

export interface TaskDeleted extends TaskEventBase {
  readonly type: 'task_deleted';
  readonly actor?: string;
}

/** Everything that changes a task, or makes one. Durable, in one sequence. */
export type TaskEvent =
  | GraphSubmitted
  | TaskSubmitted
  | TaskStarted
  | TaskAccepted
  | TaskRetried
  | TaskReset
  | TaskSucceeded
  | TaskFailed
  | TaskCancelled
  | TaskSkipped
  | TaskDeleted;

export type TaskEventType = TaskEvent['type'];
/** An event of one task, all but `graph_submitted`. */
export type SingleTaskEvent = Exclude<TaskEvent, GraphSubmitted>;

interface LiveBase {
  readonly timestamp: number;
  readonly task_id: string;
  readonly graph_id: string;
  readonly attempt: number;
}

export interface TaskProgressed extends LiveBase {
  readonly type: 'task_progressed';
  readonly message?: string;
  readonly data?: Json;
}

export interface TaskOutput extends LiveBase {
  readonly type: 'task_output';
  readonly stream: OutputStream;
  readonly chunk: Uint8Array;
}

/** Tells a slow watcher that live reports were left out. */
export interface ReportsDropped {
  readonly type: 'reports_dropped';
  readonly timestamp: number;
  readonly dropped: number;
}

/** What a running attempt tells at once: a report, not a fact. Without a seq, never stored, not replayed. */
export type LiveReport = TaskProgressed | TaskOutput | ReportsDropped;

/** How many progress notes a task keeps: the newest ones. */
export const MAX_PROGRESS_ENTRIES = 100;
