import type { RunErrorCode } from './errors.js';
import type { Json } from './json.js';

export const TASK_STATUSES = ['pending', 'running', 'success', 'failed', 'skipped'] as const;
/** The five statuses of the wire; `success`, `failed` and `skipped` are terminal. */
export type TaskStatus = (typeof TASK_STATUSES)[number];
/** Finer than the status: what the newest attempt is doing or came to. */
export type RunStatus = 'accepted' | 'running' | 'retrying' | 'success' | 'failed' | 'cancelled';
/** What recovery does with a task found running. */
export type OnInterrupt = 'retry' | 'fail';

export function isTerminal(status: TaskStatus): boolean {
  return status === 'success' || status === 'failed' || status === 'skipped';
}

/**
 * What was asked for: immutable once submitted, and shared by the scheduler and the store.
 * A class, so that every spec has one hidden shape: a waiting task has to stay small.
 */
export class TaskSpec {
  constructor(
    readonly id: string,
    readonly type: string,
    readonly tool_name: string | undefined,
    readonly params: Json | undefined,
    readonly input: Json | undefined,
    readonly execution_category: string | undefined,
    readonly depends_on: readonly string[],
    /** Further attempts after the first. */
    readonly retry: number,
    /** Milliseconds for one attempt; 0 = none. */
    readonly timeout: number,
    readonly annotations: Readonly<Record<string, string>> | undefined,
    /** −100..100, higher starts first. */
    readonly priority: number,
    readonly on_interrupt: OnInterrupt,
  ) {}
}

/** A failure in the wire's own form. */
export interface RuntimeError {
  readonly code: RunErrorCode;
  readonly message: string;
  readonly retryable?: boolean;
  readonly source?: string;
  readonly details?: Json;
}

/** One note of a running attempt. */
export interface ProgressEntry {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message?: string;
  readonly data?: Json;
}

/** What happened since the task first started; absent before, and on a skipped task. */
export class TaskRuntime {
  constructor(
    readonly status: RunStatus,
    /** Attempts begun that counted: 1 for the first. */
    readonly attempt: number,
    /** Start of the newest attempt, epoch milliseconds; undefined when none began. */
    readonly started_at: number | undefined,
    readonly finished_at: number | undefined,
    readonly handle_id: string | undefined,
    readonly output: Json | undefined,
    readonly error: RuntimeError | undefined,
    readonly details: Json | undefined,
    readonly progress: readonly ProgressEntry[] | undefined,
    /** When a task waiting for its next attempt may start, epoch milliseconds. */
    readonly not_before: number | undefined,
    /** Crashes in a row that found the task running. */
    readonly crash_resets: number,
  ) {}
}

/**
 * The state of one task: made anew by every event that changes it, never modified, so that a snapshot is a copy of pointers.
 * Times are epoch milliseconds; `toWire` turns them into RFC 3339.
 */
export class Task {
  constructor(
    readonly spec: TaskSpec,
    readonly graph_id: string,
    readonly status: TaskStatus,
    readonly created_at: number,
    readonly updated_at: number,
    /** Seq of its `task_submitted`: the order of every listing. */
    readonly submitted_seq: number,
    /** Seq of the newest event that changed it. */
    readonly last_seq: number,
    readonly error: string | undefined,
    readonly runtime: TaskRuntime | undefined,
  ) {}

  get id(): string {
    return this.spec.id;
  }

  get run_status(): RunStatus | undefined {
    return this.runtime?.status;
  }

  get handle_id(): string | undefined {
    return this.runtime?.handle_id;
  }

  get result(): Json | undefined {
    return this.runtime?.output;
  }
}

// V8 gives a field that has only ever held large numbers a box of its own in every object. A field that has held `undefined`
// points to the number that came with the event instead: four boxes less for every task that runs, two for one that waits.
void new Task(undefined as never, '', 'pending', undefined as never, undefined as never, 0, 0, undefined, undefined);
void new TaskRuntime(
  'running',
  0,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  0,
);
