import {
  type Clock,
  ExecGoError,
  mayRetry,
  type OutputStream,
  type ProgressEntry,
  type Runner,
  retryDelayMs,
  type TaskSpec,
  type TaskStore,
} from '@execgo/core';
import { AnswerHandlers, type AnswerTaker } from './answer-handlers.js';
import { Attempt, type AttemptHost, type Outcome, type StopCause } from './attempt.js';
import type { CommitLog } from './commit-log.js';
import type { Counters } from './counters.js';
import type { Deadline, DeadlineWheel } from './deadline-wheel.js';
import type { EventHub } from './event-hub.js';
import type { GraphIndex, TaskNode } from './graph-index.js';
import type { Ledger, Remains } from './ledger.js';
import type { LocalRunner } from './local-runner.js';
import {
  OUTPUT_PATIENCE_MS,
  PROGRESS_LIMITS,
  PROGRESS_MESSAGE_LENGTH,
  type ResolvedSchedulerOptions,
} from './options.js';
import { failed, storable, succeeded, toRuntimeError } from './outcome.js';
import { lateStore, type Outputs } from './outputs.js';
import { ReadyQueue } from './ready-queue.js';
import { hasReferences, withReferences } from './references.js';
import { Slots } from './slots.js';

export interface DispatcherParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly ledger: Ledger;
  readonly log: CommitLog;
  readonly hub: EventHub;
  readonly wheel: DeadlineWheel;
  readonly counters: Counters;
  readonly local: LocalRunner;
  readonly outputs: Outputs;
}

/**
 * Starts what is ready while there are slots, and decides what every attempt came to. A slot is free when its attempt has
 * settled: when nothing of it runs any more.
 */
export class Dispatcher implements AttemptHost, AnswerTaker {
  private readonly ready = new ReadyQueue();
  private readonly slots: Slots;
  private readonly clock: Clock;
  private readonly runner: Runner;
  /** Handles accepted in an earlier life, for the first attempt of this one; made when there is one. Weak: a task may end without. */
  private handles: WeakMap<TaskNode, string> | undefined;
  private readonly handlersFor = AnswerHandlers.pool(this);
  private storeId = '';
  private active = false;
  private startedThisTurn = 0;
  private turnScheduled = false;

  constructor(private readonly parts: DispatcherParts) {
    const { options } = parts;
    this.slots = new Slots(options.maxConcurrency, options.categoryConcurrency);
    this.clock = options.clock;
    this.runner = options.runner ?? parts.local;
  }

  get runningCount(): number {
    return this.slots.used;
  }

  get readyCount(): number {
    return this.ready.startable;
  }

  activate(storeId: string): void {
    this.storeId = storeId;
    this.active = true;
    this.pump();
  }

  /** Nothing starts any more. */
  pause(): void {
    this.active = false;
  }

  /**
   * One thing less that the task waits for; after the last one it could start.
   * @param now monotonic milliseconds
   */
  arrive(node: TaskNode, now: number): void {
    node.openDependencies -= 1;
    if (node.openDependencies > 0 || node.status !== 'pending') return;
    node.readyAt = Math.floor(now);
    this.ready.push(node);
  }

  /** A task was cancelled that waited for nothing but a slot. */
  noteCancelled(): void {
    this.ready.noteCancelled();
  }

  rememberHandle(node: TaskNode, handle: string): void {
    this.handles ??= new WeakMap();
    this.handles.set(node, handle);
  }

  /** Starts what can start. At most `startsPerTurn` in one turn of the event loop; the rest in the next ones. */
  pump(): void {
    for (let node = this.next(); node !== undefined; node = this.next()) {
      this.start(node, this.clock.monotonic(), this.clock.now());
    }
  }

  /** The task to be started next; undefined when none may start now. */
  private next(): TaskNode | undefined {
    const { options, log } = this.parts;
    if (!this.active || this.slots.full || log.uncommittedBytes > options.maxUncommittedBytes) return undefined;
    if (this.startedThisTurn >= options.startsPerTurn) return undefined;
    const node = this.ready.shift(this.slots.isFree);
    if (node === undefined) return undefined;
    this.startedThisTurn += 1;
    this.awaitNextTurn();
    return node;
  }

  /** Tells everything under way to stop. */
  stopAll(cause: StopCause): void {
    for (const attempt of this.attempts()) this.stop(attempt, cause);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    for (let attempts = this.attempts(); attempts.length > 0; attempts = this.attempts()) {
      await Promise.all(attempts.map((attempt) => attempt.ended()));
    }
  }

  /** Tells an attempt to stop; one that does not within `abandonAfterMs` is given up, and its late answer dropped. */
  stop(attempt: Attempt, cause: StopCause): void {
    if (attempt.settled || attempt.cause !== undefined) return;
    if (attempt.answered) {
      // Its outcome stands, unless the store is gone that was to record it.
      if (cause.kind === 'failure') attempt.stop(cause);
      return;
    }
    const { wheel, options, counters } = this.parts;
    wheel.cancel(attempt.deadline);
    attempt.deadline = wheel.add(options.abandonAfterMs, () => {
      counters.abandoned += 1;
      attempt.abandoned = true;
      const problem = `${cause.error.message}; the executor ignored its signal for ${options.abandonAfterMs} ms and was abandoned`;
      const error = new ExecGoError(cause.error.code, problem, { source: 'scheduler' });
      attempt.cause = { ...cause, error };
      this.settle(attempt, failed(error, options.resultLimits));
    });
    attempt.stop(cause);
  }

  /** What is under way. Looked for among the unfinished tasks, and seldom: a set would cost every attempt two changes. */
  private attempts(): Attempt[] {
    const found: Attempt[] = [];
    for (const { live } of this.parts.index.all()) if (live instanceof Attempt) found.push(live);
    return found;
  }

  private awaitNextTurn(): void {
    if (this.turnScheduled) return;
    this.turnScheduled = true;
    this.clock.turn(() => {
      this.turnScheduled = false;
      this.startedThisTurn = 0;
      this.pump();
    });
  }

  /**
   * @param now monotonic milliseconds
   * @param time epoch milliseconds
   */
  private start(node: TaskNode, now: number, time: number): void {
    const { ledger, counters, options } = this.parts;
    counters.queueWait.observe(Math.max(0, now - node.readyAt));
    this.slots.take(node.spec.type);
    ledger.started(node, time);
    const handle = this.handles?.get(node);
    const attempt = new Attempt(node, this, this.storeId, now, handle);
    node.live = attempt;
    this.parts.outputs.begin(attempt);
    const timeoutMs = node.spec.timeout > 0 ? node.spec.timeout : options.defaultTimeoutMs;
    if (timeoutMs > 0) this.limitTime(attempt, timeoutMs);
    const { onResult, onError } = this.handlersFor(attempt);
    this.run(attempt).then(onResult, onError);
  }

  private limitTime(attempt: Attempt, timeoutMs: number): void {
    attempt.deadline = this.parts.wheel.add(timeoutMs, () => this.stop(attempt, timedOut(timeoutMs)));
  }

  onResult(attempt: Attempt, value: unknown): void {
    this.settle(attempt, succeeded(value, this.parts.options.resultLimits));
  }

  onError(attempt: Attempt, error: unknown): void {
    this.settle(attempt, failed(error, this.parts.options.resultLimits));
  }

  private run(attempt: Attempt): Promise<unknown> {
    const { spec } = attempt;
    const refers = spec.depends_on.length > 0 && hasReferences(spec);
    // What an earlier life accepted, this one may have to refuse: its policy can be another.
    const isUnchecked = refers || attempt.node.graph.isRecovered;
    if (isUnchecked || spec.on_interrupt === 'fail') return this.prepareAndRun(attempt, refers, isUnchecked);
    try {
      // An executor in plain JavaScript may forget the promise; for a real one this costs nothing.
      return Promise.resolve(this.begin(attempt, spec));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private async prepareAndRun(attempt: Attempt, refers: boolean, isUnchecked: boolean): Promise<unknown> {
    let { spec } = attempt;
    // Its effect may not happen twice: the record that it began has to outlive a crash.
    if (spec.on_interrupt === 'fail') await this.parts.log.durable();
    if (refers) spec = await withReferences(spec, this.parts.store);
    if (isUnchecked) await this.parts.local.check(spec);
    if (attempt.cause !== undefined) throw attempt.cause.error;
    return this.begin(attempt, spec);
  }

  private begin(attempt: Attempt, spec: TaskSpec): Promise<unknown> {
    attempt.begun = true;
    return this.runner.run(spec, attempt);
  }

  private settle(attempt: Attempt, outcome: Outcome): void {
    if (attempt.settled || attempt.answered) return;
    const kept = attempt.captured === undefined ? undefined : this.keepOutput(attempt, outcome);
    if (kept === undefined) this.conclude(attempt, outcome);
    else this.concludeAfter(kept, attempt, outcome);
  }

  /** What it wrote is put away before its end is told: who sees the end can read all of it. */
  private keepOutput(attempt: Attempt, outcome: Outcome): Promise<void> | undefined {
    if (this.isUndone(attempt, outcome)) {
      this.parts.outputs.drop(attempt);
      return undefined;
    }
    return attempt.captured?.finish(outcome.result);
  }

  private concludeAfter(kept: Promise<void>, attempt: Attempt, outcome: Outcome): void {
    const { wheel } = this.parts;
    attempt.answered = true;
    wheel.cancel(attempt.deadline);
    attempt.deadline = wheel.add(OUTPUT_PATIENCE_MS, () => {
      attempt.captured?.giveUp(lateStore());
      this.conclude(attempt, outcome);
    });
    void kept.then(() => this.conclude(attempt, outcome));
  }

  private conclude(attempt: Attempt, outcome: Outcome): void {
    if (attempt.settled) return;
    const { wheel, counters } = this.parts;
    const { node } = attempt;
    wheel.cancel(attempt.deadline);
    this.slots.release(node.spec.type);
    this.handles?.delete(node);
    node.live = undefined;
    const now = this.clock.monotonic();
    const time = this.clock.now();
    counters.attemptDuration.observe(now - attempt.startedAt);
    this.decide(attempt, outcome, time);
    attempt.settle();
    // Reading the clock twice is a tenth of a small task; the one that follows takes over what was read for this one.
    const follower = this.next();
    if (follower === undefined) return;
    this.start(follower, now, time);
    this.pump();
  }

  /** @param time epoch milliseconds */
  private decide(attempt: Attempt, outcome: Outcome, time: number): void {
    const { node, cause } = attempt;
    const { ledger } = this.parts;
    // The store is gone: nothing can be recorded, and the next start runs the task again.
    if (cause?.kind === 'failure') return;
    if (outcome.ok && cause?.kind !== 'timeout') {
      ledger.succeeded(node, this.remainsOf(attempt, outcome), time);
      return;
    }
    const remains = this.remainsOf(attempt, outcome);
    if (cause?.kind === 'cancel') {
      ledger.cancelled(node, this.toError(cause.error), cause.actor, remains);
    } else if (cause?.kind === 'shutdown') {
      if (this.isUndone(attempt, outcome)) ledger.reset(node, 'shutdown');
      else ledger.failed(node, this.toError(interrupted('a shutdown')), remains);
    } else {
      this.retryOrFail(attempt, failureOf(cause, outcome), remains);
    }
  }

  private remainsOf({ facts, progressEntries: progress }: Attempt, outcome: Outcome): Remains {
    const told = outcome.ok ? undefined : outcome.details;
    return { result: outcome.result, details: told ?? storable(facts, this.parts.options.resultLimits), progress };
  }

  /** Nothing of it counts: it runs again at the next start, with the same number. */
  private isUndone({ cause, node, begun }: Attempt, outcome: Outcome): boolean {
    if (cause?.kind === 'failure') return true;
    return cause?.kind === 'shutdown' && !outcome.ok && !(node.spec.on_interrupt === 'fail' && begun);
  }

  private retryOrFail(attempt: Attempt, error: ExecGoError, remains: Remains): void {
    const { ledger } = this.parts;
    const { node } = attempt;
    if (attempt.abandoned || !mayRetry(node.spec, node.attempt, error)) {
      ledger.failed(node, this.toError(error), remains);
      return;
    }
    const delayMs = retryDelayMs(node.attempt + 1);
    ledger.retried(node, this.toError(error), remains.result, this.clock.now() + delayMs);
    node.openDependencies += 1;
    node.live = this.waitForRetry(node, delayMs);
  }

  /** A task waiting for its next attempt holds no slot; the end of the wait arrives like a dependency. */
  waitForRetry(node: TaskNode, delayMs: number): Deadline {
    return this.parts.wheel.add(delayMs, () => {
      node.live = undefined;
      this.arrive(node, this.clock.monotonic());
      this.pump();
    });
  }

  async accept(attempt: Attempt, handle: string): Promise<void> {
    this.parts.ledger.accepted(attempt.node, handle);
    await this.parts.log.durable();
  }

  progress(attempt: Attempt, text: string, data: unknown): void {
    const plain = storable(data, PROGRESS_LIMITS);
    // Often another program's words, of any length; in plain JavaScript perhaps no text at all, which no store could write.
    const message = String(text).slice(0, PROGRESS_MESSAGE_LENGTH);
    const entry: ProgressEntry = { timestamp: this.clock.now(), message, ...(plain !== undefined && { data: plain }) };
    attempt.note(entry);
    if (this.parts.hub.watched) this.parts.hub.report({ ...reportHead(attempt), type: 'task_progressed', ...entry });
  }

  output(attempt: Attempt, stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    const { hub, outputs } = this.parts;
    if (chunk.length === 0) return;
    if (hub.watched) {
      // Not `slice`, which for a Buffer is a view.
      const copy = new Uint8Array(chunk);
      hub.report({ ...reportHead(attempt), type: 'task_output', timestamp: this.clock.now(), stream, chunk: copy });
    }
    return outputs.write(attempt, stream, chunk);
  }

  private toError(error: ExecGoError) {
    return toRuntimeError(error, this.parts.options.resultLimits);
  }
}

function reportHead(attempt: Attempt) {
  return { task_id: attempt.node.id, graph_id: attempt.node.graph.id, attempt: attempt.attempt };
}

/** The timeout is the reason, whatever the executor says after it. */
function failureOf(cause: StopCause | undefined, outcome: Outcome): ExecGoError {
  if (cause !== undefined) return cause.error;
  return outcome.ok ? new ExecGoError('internal', 'a success was taken for a failure') : outcome.error;
}

function timedOut(timeoutMs: number): StopCause {
  const error = new ExecGoError('timeout', `attempt timed out after ${timeoutMs} ms`, { source: 'scheduler' });
  return { kind: 'timeout', error };
}

/** What became of a task that may not run twice. */
export function interrupted(by: string): ExecGoError {
  const problem = `interrupted by ${by} while it ran; its effect may have happened, and on_interrupt is "fail"`;
  return new ExecGoError('unknown', problem, { source: 'scheduler' });
}
