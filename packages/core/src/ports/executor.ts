import type { JsonObject } from '../json.js';
import type { TaskSpec } from '../task.js';
import type { OutputStream } from './output-store.js';

/** What a tool does to the world, as MCP's tool annotations tell it; absent = not known. */
export interface ToolAnnotations {
  readonly read_only?: boolean;
  readonly destructive?: boolean;
  readonly idempotent?: boolean;
  readonly open_world?: boolean;
}

/** One tool of an executor, as an agent is shown it. */
export interface Tool {
  /** Unique within the category. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly input_schema: JsonObject;
  readonly annotations?: ToolAnnotations;
}

/** What one attempt is given. */
export interface RunContext {
  /** `storeId/task/attempt`; child processes get it as EXECGO_RUN. */
  readonly runId: string;
  /** 1 for the first. */
  readonly attempt: number;
  /**
   * Aborts at the timeout, a cancel and a shutdown; `signal.reason` is an ExecGoError saying which. Then: stop, leave nothing
   * running, and reject. Made on first use, so do not touch it without need.
   */
  readonly signal: AbortSignal;
  /** Handle accepted in an earlier life of this task: re-attach to that work instead of starting it again. */
  readonly handle?: string | undefined;
  /** The work lives on elsewhere under this handle; resolves when that is durable. */
  accept(handle: string): Promise<void>;
  /**
   * Facts about this attempt, which stay with the task as `runtime.details` whatever it comes to: where it ran, what bounded it.
   * The last call counts; `details.details` of an error wins.
   */
  details(facts: unknown): void;
  /** A note for watchers, at once; the newest 100 stay with the task. */
  progress(message: string, data?: unknown): void;
  /**
   * A piece of output: watchers see it at once, and it is kept. Copied. Where a promise is returned, wait for it before the next
   * piece, since what comes much too fast is counted and not kept; it never rejects.
   */
  output(stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
}

/** Runs the tasks of one category. It never sees a store, and never retries: that is the scheduler's. */
export interface Executor {
  /** The task type it serves. */
  readonly category: string;
  /** Called once, before recovery: ends what an earlier life of this store left running. */
  open?(life: { readonly storeId: string }): Promise<void>;
  /** What it offers. */
  tools(): Promise<readonly Tool[]>;
  /**
   * Called at submit, where it skips what a reference will fill, and again before an attempt: with references resolved, and for
   * a task that an earlier life of the kernel has accepted.
   * @throws ExecGoError `invalid_input` (naming the field), `denied` or `not_found`
   */
  check?(task: TaskSpec): void | Promise<void>;
  /**
   * One attempt. Resolves to the result: any JSON-like value, or undefined for none. The input has its references resolved.
   * @throws ExecGoError whose `details.result` keeps the output of a failed attempt, and whose `details.details` become the
   * run's details; anything else that is thrown counts as `internal`
   */
  execute(task: TaskSpec, run: RunContext): Promise<unknown>;
  /** Rejects, with the reason, when tasks of this category would fail now. */
  health?(): Promise<void>;
  /** Called once, when nothing of it runs any more. */
  close?(): Promise<void>;
}
