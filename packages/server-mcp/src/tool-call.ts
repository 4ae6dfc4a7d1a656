import type { Caller } from '@execgo/access';
import type { JsonObject, Kernel } from '@execgo/core';
import type { CallProgress } from './call-progress.js';
import type { ResolvedOptions } from './options.js';

/** One call of a tool under way. */
export interface ToolCall {
  readonly kernel: Kernel;
  readonly options: ResolvedOptions;
  readonly caller: Caller;
  readonly arguments: JsonObject;
  /** Aborts when nobody waits for the answer any more, or the server stops: whatever waits ends then. */
  readonly end: AbortSignal;
  /** Whether the client has said that it does not want the work any more; that it is gone says nothing of the kind. */
  readonly isCancelled: () => boolean;
  /** Whether the server stops: the answer is then what there is. */
  readonly isStopping: () => boolean;
  /** Tells the client how far it has come; does nothing where it did not ask. */
  readonly progress: CallProgress;
}
