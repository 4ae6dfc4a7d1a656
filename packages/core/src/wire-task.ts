import type { RunErrorCode } from './errors.js';
import type { Json } from './json.js';
import type { OnInterrupt, RunStatus, TaskStatus } from './task.js';

// Type aliases and not interfaces: an alias of an object type is also a `JsonObject`.

/** Why a run failed. */
export type WireRunError = {
  readonly code: RunErrorCode;
  readonly message: string;
  readonly retryable?: boolean;
  /** Which part said so. */
  readonly source?: string;
  readonly details?: Json;
};

/** One note of an attempt. */
export type WireProgress = {
  /** RFC 3339. */
  readonly timestamp: string;
  readonly message?: string;
  readonly data?: Json;
};

/** What happened since a task first started. */
export type WireRuntime = {
  readonly status: RunStatus;
  readonly handle_id?: string;
  /** The same value as the task's `result`. */
  readonly output?: Json;
  /** Start of the newest attempt, RFC 3339. */
  readonly started_at?: string;
  readonly finished_at?: string;
  readonly duration_ms?: number;
  /** 1 for the first. */
  readonly attempt?: number;
  readonly details?: Json;
  readonly error?: WireRunError;
};

/** What was asked for, as the wire carries it. */
export type WireTaskSpec = {
  readonly id: string;
  readonly type: string;
  readonly tool_name?: string;
  readonly params?: Json;
  readonly input?: Json;
  readonly execution_category?: string;
  readonly depends_on?: readonly string[];
  /** Further attempts after the first. */
  readonly retry?: number;
  /** Milliseconds for one attempt. */
  readonly timeout?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly priority?: number;
  readonly on_interrupt?: OnInterrupt;
};

/** A task as every server answers it: empty and zero optional fields are left out, times are RFC 3339 in UTC with milliseconds. */
export type WireTask = WireTaskSpec & {
  readonly status: TaskStatus;
  readonly run_status?: RunStatus;
  readonly handle_id?: string;
  /** The newest 100 notes. */
  readonly progress?: readonly WireProgress[];
  readonly result?: Json;
  readonly runtime?: WireRuntime;
  readonly error?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly graph_id?: string;
};

/** What a submission is answered with. */
export type WireReceipt = {
  readonly accepted: number;
  readonly task_ids: readonly string[];
  readonly graph_id: string;
  /** Sentences on what was ignored; absent where nothing was. */
  readonly warnings?: readonly string[];
};
