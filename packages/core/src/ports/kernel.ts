import type { LiveReport, TaskEvent } from '../event.js';
import type { TaskGraphInput } from '../parse-graph.js';
import type { Task, TaskStatus } from '../task.js';
import type { Tool } from './executor.js';
import type { OutputStream } from './output-store.js';
import type { EventQuery, TaskPage, TaskQuery } from './task-store.js';

export interface SubmitOptions {
  /** 1–256 visible ASCII characters: a repeat with the same key and the same graph is answered with the first receipt (24 h, per caller). */
  readonly idempotencyKey?: string;
  /** Who submits: kept with the graph's event, and part of the key. */
  readonly actor?: string;
}

export interface SubmitReceipt {
  readonly accepted: number;
  readonly task_ids: readonly string[];
  readonly graph_id: string;
  readonly warnings: readonly string[];
}

export interface WaitOptions {
  /** How long at most, in milliseconds. Default: until terminal. */
  readonly timeoutMs?: number;
  /** Ends the wait (not the task) with its reason. */
  readonly signal?: AbortSignal;
}

export interface CancelOptions {
  /** Goes into the error message of the task. */
  readonly reason?: string;
  readonly actor?: string;
}

/** What one submission came to. */
export interface GraphSummary {
  readonly graph_id: string;
  /** Tasks by status; a status that no task has is left out. */
  readonly counts: Readonly<Partial<Record<TaskStatus, number>>>;
  /** In order of submission. Deleted and replaced tasks are not in it. */
  readonly task_ids: readonly string[];
  /** True when every one is terminal. */
  readonly done: boolean;
}

export interface WatchOptions extends EventQuery {
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** Also live reports (progress, output). @default false */
  readonly live?: boolean;
}

/** How much there is of one stream. */
export interface OutputSize {
  /** Bytes that the attempt wrote, as far as that is known. */
  readonly bytes: number;
  /** How many can be read: the first ones. */
  readonly kept: number;
  /** What can be read is not all that was written, and no more will come. */
  readonly truncated: boolean;
}

/** What is captured of a task's newest attempt. */
export interface TaskOutputState {
  readonly task_id: string;
  /** Names this attempt, and this time that it ran: opaque, and another one after a retry, a restart or a resubmission. */
  readonly run: string;
  /** 0 where none has begun. */
  readonly attempt: number;
  readonly status: TaskStatus;
  /** The attempt runs, and more may come. */
  readonly live: boolean;
  readonly stdout: OutputSize;
  readonly stderr: OutputSize;
}

export interface OutputRange {
  /** @default 0 */
  readonly start?: number;
  /** The first byte that is not wanted. @default the end of what is kept */
  readonly end?: number;
  /** Only of this run; without it, of whatever is the newest. */
  readonly run?: string;
}

/** How far a reader has come in the output of one run. */
export interface OutputPosition {
  readonly run: string;
  /** Bytes of each stream that it has. */
  readonly stdout: number;
  readonly stderr: number;
}

export interface WatchOutputOptions {
  /** Goes on from here where that run is still the newest; otherwise the reader is told of the new one, and begins at its start. */
  readonly from?: OutputPosition;
  /** Ends the stream, without an `end`. */
  readonly signal?: AbortSignal;
}

/** What somebody who watches the output of a task is told. */
export type OutputItem =
  /** What follows is the output of this attempt, both streams from their first byte; what came before is not valid any more. */
  | { readonly type: 'attempt'; readonly run: string; readonly attempt: number }
  /** A piece of a stream, the place of its first byte, and how far the reader has come with it. */
  | {
      readonly type: 'output';
      readonly run: string;
      readonly attempt: number;
      readonly stream: OutputStream;
      readonly offset: number;
      readonly chunk: Uint8Array;
    }
  /** The last item. Without a status where the task was deleted, or its id submitted again, meanwhile. */
  | { readonly type: 'end'; readonly status: TaskStatus | undefined };

export interface KernelTool extends Tool {
  readonly category: string;
}

/** Distribution of a duration; bucket i counts observations of at most `bounds[i]` milliseconds, the last one all. */
export interface Histogram {
  readonly bounds: readonly number[];
  /** Cumulative; one longer than `bounds`. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counters since the start of this process, and gauges of this moment. */
export interface KernelStats {
  /** Tasks submitted since start. */
  readonly submitted: number;
  readonly succeeded: number;
  /** Failed and cancelled. */
  readonly failed: number;
  readonly skipped: number;
  readonly retried: number;
  /** Submitted since start, by normalised type. */
  readonly byType: Readonly<Record<string, number>>;
  /** Attempts under way. */
  readonly running: number;
  /** Tasks that could start if there were a slot. */
  readonly ready: number;
  /** Tasks not terminal. */
  readonly unfinished: number;
  /** Attempts that ignored their signal and were given up. */
  readonly abandoned: number;
  /** Finished tasks that retention has deleted. */
  readonly pruned: number;
  /** Attempts whose output was not kept whole, because the output store refused it or they wrote faster than it could take. */
  readonly outputsIncomplete: number;
  /** Bytes of events not yet durable (an estimate). */
  readonly uncommittedBytes: number;
  /** Seq of the newest durable event; 0 where there is none. */
  readonly lastSeq: number;
  readonly queueWait: Histogram;
  readonly attemptDuration: Histogram;
  readonly commitDuration: Histogram;
}

export interface KernelHealth {
  /** `starting` until recovery is done, `stopping` from the call of stop, `failed` once an append was refused. */
  readonly state: 'starting' | 'ok' | 'stopping' | 'failed';
  /** A sentence for what is not ok: by executor category, `store`, and `output` where the output store refused what it was given last. */
  readonly problems: Readonly<Record<string, string>>;
}

/**
 * What every server talks to. All methods reject with ExecGoError: `not_found` for an id or graph that is not there,
 * `unavailable` while the kernel is not running. What they show is durable.
 */
export interface Kernel {
  /**
   * Takes a graph, whole or not at all; resolves when it is durable.
   * @throws ExecGoError `invalid_input`, `denied`, `too_large`, `conflict` (an id that is not terminal, or that an unfinished
   * task depends on; a key used for another graph), `resource_exhausted` (try later), `unavailable` (the outcome is unknown)
   */
  submit(graph: TaskGraphInput, options?: SubmitOptions): Promise<SubmitReceipt>;
  get(id: string): Promise<Task>;
  list(query: TaskQuery): Promise<TaskPage>;
  /** The task as soon as it is terminal, or as it is when the time is over. */
  wait(id: string, options?: WaitOptions): Promise<Task>;
  /**
   * Cancels a task, and skips what depends on it; resolves when nothing of it runs any more.
   * @throws ExecGoError `conflict` when it ended otherwise
   */
  cancel(id: string, options?: CancelOptions): Promise<Task>;
  /** Deletes a task, after cancelling it where it is not terminal. @throws ExecGoError `conflict` when an unfinished task depends on it */
  remove(id: string, options?: CancelOptions): Promise<void>;
  /** With wait options: as soon as all of its tasks are terminal. */
  graph(graphId: string, options?: WaitOptions): Promise<GraphSummary>;
  cancelGraph(graphId: string, options?: CancelOptions): Promise<GraphSummary>;
  /** Kept events, as `TaskStore.events`. */
  events(query: EventQuery): AsyncIterable<TaskEvent>;
  /** Events after `after` (default: from now on), without gap or repeat, then new ones as they become durable, until the signal. */
  watch(options?: WatchOptions): AsyncIterable<TaskEvent | LiveReport>;
  /** How much was captured of the newest attempt. Output is a report: unlike everything else here, it is shown before it is durable. */
  output(id: string): Promise<TaskOutputState>;
  /**
   * Captured bytes of the newest attempt, also while it runs; fewer where fewer are kept.
   * @throws ExecGoError `conflict` when `run` is not the newest any more
   */
  readOutput(id: string, stream: OutputStream, range?: OutputRange): Promise<Uint8Array>;
  /**
   * First what is captured of the newest attempt, then what comes, until the task is terminal: every byte once, and those of a
   * stream in order. Whoever reads slowly holds up nobody, and costs no memory. The first step rejects with `not_found`.
   */
  watchOutput(id: string, options?: WatchOutputOptions): AsyncIterable<OutputItem>;
  tools(): Promise<readonly KernelTool[]>;
  stats(): KernelStats;
  health(): Promise<KernelHealth>;
}
