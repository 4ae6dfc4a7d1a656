import {
  type Clock,
  ConfigError,
  type ExecGoError,
  type Executor,
  type JsonLimits,
  MemoryStore,
  type OutputStore,
  type Runner,
  systemClock,
  type TaskStore,
} from '@execgo/core';
import type { RetentionSweep } from './retention.js';

/** How long finished tasks are kept; a task that an unfinished one depends on is kept in any case. */
export interface RetentionOptions {
  /** So long after its end a task is deleted, in milliseconds, or up to a sweep interval later. @default none: kept for ever */
  readonly maxAgeMs?: number;
  /** So many finished tasks are kept, those that ended last; the others are deleted soon. @default no limit */
  readonly maxFinished?: number;
  /** Tasks deleted by one append. @default 500 */
  readonly batchSize?: number;
  /** From the end of a sweep to the next one, in milliseconds. @default 60,000 */
  readonly sweepIntervalMs?: number;
  /** From the end of a task that is one too many to a sweep, in milliseconds. @default 1,000 */
  readonly sweepDelayMs?: number;
}

export type ResolvedRetention = Required<RetentionOptions>;

export interface SchedulerOptions {
  /** Opened by `start`, closed by `stop`. @default a MemoryStore */
  readonly store?: TaskStore;
  /** One per category. Opened by `start`, closed by `stop`. */
  readonly executors: readonly Executor[];
  /** Where attempts happen. @default the executors, in this process */
  readonly runner?: Runner;
  /** @default the system's */
  readonly clock?: Clock;
  /** Attempts at once. @default 10 */
  readonly maxConcurrency?: number;
  /** Attempts at once, by category. @default no limit of its own */
  readonly categoryConcurrency?: Readonly<Record<string, number>>;
  /** @default 10,000 */
  readonly maxTasksPerGraph?: number;
  /** Unfinished tasks; beyond, submissions are refused with `resource_exhausted`. @default 1,000,000 */
  readonly maxPending?: number;
  /** Events not yet durable, in bytes; beyond, nothing starts and submissions are refused. @default 64 MiB */
  readonly maxUncommittedBytes?: number;
  /** Timeout of an attempt of a task that names none, in milliseconds; 0 = none. @default 0 */
  readonly defaultTimeoutMs?: number;
  /** How long an executor may ignore its signal before the attempt is abandoned, in milliseconds. @default 10,000 */
  readonly abandonAfterMs?: number;
  /** How long `health` waits for an executor, in milliseconds; one that does not answer by then is a problem. @default 1,000 */
  readonly healthTimeoutMs?: number;
  /** Whether recovery starts what an earlier life left unfinished; otherwise it is held as pending. @default true */
  readonly resume?: boolean;
  /** @default 4 MiB, depth 64 */
  readonly resultLimits?: JsonLimits;
  /** Attempts begun in one turn of the event loop. @default 512 */
  readonly startsPerTurn?: number;
  /** Keeps what attempts write. Opened by `start`, closed by `stop`. @default none: what results hold, and the first of running attempts */
  readonly outputStore?: OutputStore;
  /** Output of an attempt that is held in memory; more of it goes to the output store. In bytes. @default 64 KiB */
  readonly outputBufferBytes?: number;
  /** Deletes finished tasks by age and by count. @default kept for ever */
  readonly retention?: RetentionOptions;
  /** Told of every sweep of retention that deleted something, or that the store could not be read for. */
  readonly onRetention?: (sweep: RetentionSweep) => void;
  /** Told of every attempt whose output is not kept whole, and of what the output store refuses otherwise. Nothing else is affected. */
  readonly onOutputProblem?: (error: ExecGoError) => void;
  /** Called once if the store refuses to write: nothing runs any more, and only reads are answered. */
  readonly onFailure?: (error: ExecGoError) => void;
}

export type ResolvedSchedulerOptions = Required<Omit<SchedulerOptions, OptionalParts | 'retention'>> &
  Pick<SchedulerOptions, OptionalParts> & { readonly retention?: ResolvedRetention };
type OptionalParts = 'runner' | 'outputStore' | 'onRetention' | 'onOutputProblem' | 'onFailure';

const DEFAULT_MAX_CONCURRENCY = 10;
const DEFAULT_MAX_TASKS_PER_GRAPH = 10_000;
const DEFAULT_MAX_PENDING = 1_000_000;
const DEFAULT_MAX_UNCOMMITTED_BYTES = 64 * 1024 * 1024;
const DEFAULT_ABANDON_AFTER_MS = 10_000;
const DEFAULT_HEALTH_TIMEOUT_MS = 1000;
const DEFAULT_RESULT_LIMITS: JsonLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };
const DEFAULT_STARTS_PER_TURN = 512;
const DEFAULT_OUTPUT_BUFFER_BYTES = 64 * 1024;
const DEFAULT_RETENTION_BATCH = 500;
const DEFAULT_SWEEP_INTERVAL_MS = 60_000;
const DEFAULT_SWEEP_DELAY_MS = 1000;

/** An event nobody waits for rides the next append, at most this many milliseconds later. */
export const LAZY_DELAY_MS = 20;
/** How long an executor, the end of an attempt and a deletion wait for the output store, in milliseconds; then they go on without it. */
export const OUTPUT_PATIENCE_MS = 10_000;
/** For each task that a sweep of retention had to pass over, the next one comes later by so many milliseconds: pins cost a few percent of the time at most. */
export const SWEEP_REST_MS_PER_TASK = 0.02;
/** Newest events kept in memory for watchers. */
export const EVENT_RING_SIZE = 10_000;
/** Live reports that wait for one watcher before further ones are dropped. */
export const REPORT_BUFFER = 1000;
/** Output among them, in bytes. */
export const REPORT_BUFFER_BYTES = 1024 * 1024;
/** How long the message of one progress note may be, in UTF-16 units; the rest is cut off. */
export const PROGRESS_MESSAGE_LENGTH = 4096;
/** How large the data of one progress note may be. */
export const PROGRESS_LIMITS: JsonLimits = { maxBytes: 64 * 1024, maxDepth: 64 };

/** @throws ConfigError naming the option */
export function resolveSchedulerOptions(options: SchedulerOptions): ResolvedSchedulerOptions {
  const clock = options.clock ?? systemClock;
  for (const [category, limit] of Object.entries(options.categoryConcurrency ?? {})) {
    wholeNumber(`categoryConcurrency.${category}`, limit, 1);
  }
  const retention = resolveRetention(options.retention);
  return {
    store: options.store ?? new MemoryStore({ turn: (fn) => clock.turn(fn) }),
    executors: options.executors,
    clock,
    maxConcurrency: wholeNumber('maxConcurrency', options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY, 1),
    categoryConcurrency: options.categoryConcurrency ?? {},
    maxTasksPerGraph: wholeNumber('maxTasksPerGraph', options.maxTasksPerGraph ?? DEFAULT_MAX_TASKS_PER_GRAPH, 1),
    maxPending: wholeNumber('maxPending', options.maxPending ?? DEFAULT_MAX_PENDING, 1),
    maxUncommittedBytes: wholeNumber(
      'maxUncommittedBytes',
      options.maxUncommittedBytes ?? DEFAULT_MAX_UNCOMMITTED_BYTES,
      1,
    ),
    defaultTimeoutMs: wholeNumber('defaultTimeoutMs', options.defaultTimeoutMs ?? 0, 0),
    abandonAfterMs: wholeNumber('abandonAfterMs', options.abandonAfterMs ?? DEFAULT_ABANDON_AFTER_MS, 0),
    healthTimeoutMs: wholeNumber('healthTimeoutMs', options.healthTimeoutMs ?? DEFAULT_HEALTH_TIMEOUT_MS, 1),
    resume: options.resume ?? true,
    resultLimits: options.resultLimits ?? DEFAULT_RESULT_LIMITS,
    startsPerTurn: wholeNumber('startsPerTurn', options.startsPerTurn ?? DEFAULT_STARTS_PER_TURN, 1),
    outputBufferBytes: wholeNumber('outputBufferBytes', options.outputBufferBytes ?? DEFAULT_OUTPUT_BUFFER_BYTES, 0),
    ...(retention !== undefined && { retention }),
    ...(options.onRetention !== undefined && { onRetention: options.onRetention }),
    ...(options.outputStore !== undefined && { outputStore: options.outputStore }),
    ...(options.onOutputProblem !== undefined && { onOutputProblem: options.onOutputProblem }),
    ...(options.runner !== undefined && { runner: options.runner }),
    ...(options.onFailure !== undefined && { onFailure: options.onFailure }),
  };
}

/** @returns undefined where nothing is limited */
function resolveRetention(options: RetentionOptions | undefined): ResolvedRetention | undefined {
  const { maxAgeMs, maxFinished } = options ?? {};
  const at = (option: keyof RetentionOptions, byDefault: number, min: number) =>
    wholeNumber(`retention.${option}`, options?.[option] ?? byDefault, min);
  const resolved = {
    maxAgeMs: maxAgeMs === undefined ? Number.POSITIVE_INFINITY : at('maxAgeMs', maxAgeMs, 1),
    maxFinished: maxFinished === undefined ? Number.POSITIVE_INFINITY : at('maxFinished', maxFinished, 1),
    batchSize: at('batchSize', DEFAULT_RETENTION_BATCH, 1),
    sweepIntervalMs: at('sweepIntervalMs', DEFAULT_SWEEP_INTERVAL_MS, 1),
    sweepDelayMs: at('sweepDelayMs', DEFAULT_SWEEP_DELAY_MS, 0),
  };
  return maxAgeMs === undefined && maxFinished === undefined ? undefined : resolved;
}

function wholeNumber(option: string, value: number, min: number): number {
  if (!Number.isSafeInteger(value) || value < min) throw new ConfigError(option, `a whole number from ${min}`, value);
  return value;
}
