import {
  type CancelOptions,
  type EventQuery,
  ExecGoError,
  type GraphSummary,
  type Kernel,
  type KernelHealth,
  type KernelStats,
  type KernelTool,
  type LiveReport,
  type OutputItem,
  type OutputRange,
  type OutputStream,
  type SubmitOptions,
  type SubmitReceipt,
  type Task,
  type TaskEvent,
  type TaskGraphInput,
  type TaskOutputState,
  type TaskPage,
  type TaskQuery,
  type WaitOptions,
  type WatchOptions,
  type WatchOutputOptions,
} from '@execgo/core';
import { Attempt } from './attempt.js';
import { Cancellation } from './cancellation.js';
import { CommitLog } from './commit-log.js';
import { Counters } from './counters.js';
import { DeadlineWheel } from './deadline-wheel.js';
import { Dispatcher } from './dispatcher.js';
import { EventHub } from './event-hub.js';
import { ExecutorHealth } from './executor-health.js';
import { GraphIndex } from './graph-index.js';
import { Ledger } from './ledger.js';
import { LocalRunner } from './local-runner.js';
import {
  EVENT_RING_SIZE,
  LAZY_DELAY_MS,
  REPORT_BUFFER,
  REPORT_BUFFER_BYTES,
  type ResolvedSchedulerOptions,
  resolveSchedulerOptions,
  type SchedulerOptions,
} from './options.js';
import { watchOutput } from './output-watch.js';
import { Outputs } from './outputs.js';
import { Publisher } from './publisher.js';
import { Recovery, type RecoverySummary } from './recovery.js';
import { Reservations } from './reservations.js';
import { Retention } from './retention.js';
import { Submission } from './submission.js';
import { summarise, taskNotFound, withLiveProgress } from './views.js';
import { Waiters } from './waiters.js';

export interface StopOptions {
  /** How long running attempts may go on, in milliseconds, before they are told to stop. @default 15,000 */
  readonly graceMs?: number;
}

const DEFAULT_GRACE_MS = 15_000;

type State = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/**
 * A Kernel in this process. It owns its store and executors from `start` to `stop`:
 *
 *     new ── start ──► starting ── recovered ──► running ── stop ──► stopping ──► stopped
 *                                                   └── an append was refused ──► failed ── stop ──► stopped
 *
 * In `failed`, reads are answered and nothing else.
 */
export class Scheduler implements Kernel {
  private state: State = 'new';
  private failure: ExecGoError | undefined;
  private started: Promise<RecoverySummary> | undefined;
  private stopped: Promise<void> | undefined;
  private readonly options: ResolvedSchedulerOptions;
  private readonly local: LocalRunner;
  private readonly executorHealth: ExecutorHealth;
  private readonly counters = new Counters();
  private readonly index = new GraphIndex();
  private readonly reservations = new Reservations();
  private readonly wheel: DeadlineWheel;
  private readonly taskWaiters: Waiters<Task>;
  private readonly graphWaiters: Waiters<true>;
  private readonly hub: EventHub;
  private readonly log: CommitLog;
  private readonly ledger: Ledger;
  private readonly outputs: Outputs;
  private readonly dispatcher: Dispatcher;
  private readonly submission: Submission;
  private readonly cancellation: Cancellation;
  private readonly retention: Retention;

  constructor(options: SchedulerOptions) {
    this.options = resolveSchedulerOptions(options);
    const { clock, store } = this.options;
    this.local = new LocalRunner(options.executors);
    this.executorHealth = new ExecutorHealth(options.executors, clock, this.options.healthTimeoutMs);
    this.wheel = new DeadlineWheel(clock);
    this.taskWaiters = new Waiters(this.wheel);
    this.graphWaiters = new Waiters(this.wheel);
    this.hub = new EventHub({
      store,
      now: () => clock.now(),
      ringSize: EVENT_RING_SIZE,
      reportBuffer: REPORT_BUFFER,
      reportBufferBytes: REPORT_BUFFER_BYTES,
    });
    this.log = new CommitLog({
      store,
      clock,
      lazyDelayMs: LAZY_DELAY_MS,
      publish: (batch) => publisher.publish(batch),
      onFailure: (error) => this.fail(error),
    });
    this.ledger = new Ledger(this.index, this.log, clock);
    this.outputs = new Outputs({ options: this.options, store, index: this.index });
    const shared = {
      options: this.options,
      store,
      index: this.index,
      ledger: this.ledger,
      log: this.log,
      local: this.local,
      outputs: this.outputs,
    };
    const { hub, wheel, counters, reservations, taskWaiters, graphWaiters } = this;
    this.dispatcher = new Dispatcher({ ...shared, hub, wheel, counters });
    this.submission = new Submission({ ...shared, reservations });
    this.cancellation = new Cancellation({ ...shared, reservations, wheel, dispatcher: this.dispatcher });
    this.retention = new Retention({ ...shared, reservations });
    const publisher = new Publisher({
      ...shared,
      hub,
      counters,
      taskWaiters,
      graphWaiters,
      dispatcher: this.dispatcher,
      retention: this.retention,
    });
  }

  /**
   * Opens the store and the executors, brings back what an earlier life left unfinished, and begins to run.
   * @throws ExecGoError what the store or an executor refuses to open with; both are closed again
   */
  async start(): Promise<RecoverySummary> {
    if (this.state !== 'new')
      throw new ExecGoError('conflict', `the scheduler is ${this.state}; it can be started once`);
    this.state = 'starting';
    this.started = this.begin();
    return this.started;
  }

  private async begin(): Promise<RecoverySummary> {
    try {
      const opened = await this.options.store.open();
      const { storeId, lastSeq } = opened;
      this.log.startAfter(lastSeq);
      this.hub.startAfter(lastSeq);
      await this.outputs.open(opened);
      for (const executor of this.options.executors) await executor.open?.({ storeId });
      const { options, index, ledger, dispatcher } = this;
      const recovery = new Recovery({ options, store: options.store, index, ledger, dispatcher });
      const summary = await recovery.run();
      await this.log.durable();
      this.state = 'running';
      if (this.stopped === undefined) {
        dispatcher.activate(storeId);
        this.retention.start();
      }
      return summary;
    } catch (error) {
      this.state = 'stopped';
      // What cannot be closed either is the lesser news.
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Ends it in good order: nothing new starts, running attempts may go on for the grace and are then told to stop, their
   * tasks are pending again at the next start, and everything is flushed and closed. Repeated calls share one end.
   */
  stop(options: StopOptions = {}): Promise<void> {
    this.stopped ??= this.end(options.graceMs ?? DEFAULT_GRACE_MS);
    return this.stopped;
  }

  async submit(graph: TaskGraphInput, options: SubmitOptions = {}): Promise<SubmitReceipt> {
    this.mustRun();
    return this.submission.submit(graph, options);
  }

  async get(id: string): Promise<Task> {
    this.mustBeOpen();
    const [task] = await this.options.store.getMany([id]);
    if (task === undefined) throw taskNotFound(id);
    const live = this.index.get(id)?.live;
    return live instanceof Attempt ? withLiveProgress(task, live) : task;
  }

  async list(query: TaskQuery): Promise<TaskPage> {
    this.mustBeOpen();
    return this.options.store.list(query);
  }

  async wait(id: string, options: WaitOptions = {}): Promise<Task> {
    this.mustBeOpen();
    const node = this.index.get(id);
    if (node === undefined || node.settled) return this.get(id);
    this.mustRun();
    return (await this.taskWaiters.wait(id, options)) ?? this.get(id);
  }

  async cancel(id: string, options: CancelOptions = {}): Promise<Task> {
    this.mustRun();
    await this.cancellation.cancel(id, options);
    const task = await this.get(id);
    if (task.run_status === 'cancelled') return task;
    throw new ExecGoError('conflict', `task "${id}" ended before it could be cancelled: ${task.status}`, {
      details: { status: task.status },
    });
  }

  async remove(id: string, options: CancelOptions = {}): Promise<void> {
    this.mustRun();
    await this.cancellation.remove(id, options);
  }

  async graph(graphId: string, options?: WaitOptions): Promise<GraphSummary> {
    this.mustBeOpen();
    if (options !== undefined && this.index.graph(graphId) !== undefined) {
      this.mustRun();
      await this.graphWaiters.wait(graphId, options);
    }
    return summarise(graphId, this.options.store);
  }

  async cancelGraph(graphId: string, options: CancelOptions = {}): Promise<GraphSummary> {
    this.mustRun();
    await this.cancellation.cancelGraph(graphId, options);
    return summarise(graphId, this.options.store);
  }

  events(query: EventQuery): AsyncIterable<TaskEvent> {
    this.mustBeOpen();
    return this.options.store.events(query);
  }

  watch(options: WatchOptions = {}): AsyncIterable<TaskEvent | LiveReport> {
    this.mustBeOpen();
    return this.hub.watch(options);
  }

  async output(id: string): Promise<TaskOutputState> {
    this.mustBeOpen();
    return this.outputs.state(id);
  }

  async readOutput(id: string, stream: OutputStream, range: OutputRange = {}): Promise<Uint8Array> {
    this.mustBeOpen();
    return this.outputs.readRange(id, stream, range);
  }

  watchOutput(id: string, options: WatchOutputOptions = {}): AsyncIterable<OutputItem> {
    this.mustBeOpen();
    return watchOutput(this.outputs, id, options);
  }

  async tools(): Promise<readonly KernelTool[]> {
    this.mustBeOpen();
    const lists = this.options.executors.map(async (executor) => {
      const tools = await executor.tools();
      return tools.map((tool): KernelTool => ({ ...tool, category: executor.category }));
    });
    return (await Promise.all(lists)).flat();
  }

  stats(): KernelStats {
    const { counters, dispatcher } = this;
    return {
      submitted: counters.submitted,
      succeeded: counters.succeeded,
      failed: counters.failed,
      skipped: counters.skipped,
      retried: counters.retried,
      byType: counters.byType,
      running: dispatcher.runningCount,
      ready: dispatcher.readyCount,
      unfinished: this.index.unfinished,
      abandoned: counters.abandoned,
      pruned: this.retention.pruned,
      outputsIncomplete: this.outputs.incompleteCount,
      uncommittedBytes: this.log.uncommittedBytes,
      lastSeq: this.hub.newestSeq,
      queueWait: counters.queueWait.read(),
      attemptDuration: counters.attemptDuration.read(),
      commitDuration: counters.commitDuration.read(),
    };
  }

  async health(): Promise<KernelHealth> {
    const problems = new Map<string, string>();
    if (this.failure !== undefined) problems.set('store', this.failure.message);
    if (this.outputs.problem !== undefined) problems.set('output', this.outputs.problem);
    for (const [category, problem] of await this.executorHealth.problems()) problems.set(category, problem);
    return { state: healthState(this.state), problems: Object.fromEntries(problems) };
  }

  private async end(graceMs: number): Promise<void> {
    // A start under way comes to its end; one that fails has closed everything, and told its caller why.
    if (this.state !== 'running') await this.started?.catch(() => undefined);
    if (this.state === 'new' || this.state === 'stopped') {
      this.state = 'stopped';
      return;
    }
    this.dispatcher.pause();
    const pruned = this.retention.stop();
    if (this.state === 'failed') {
      await this.dispatcher.idle();
    } else {
      this.state = 'stopping';
      await this.drain(graceMs);
    }
    await pruned;
    const error = notRunning('stopped');
    this.log.close(error);
    this.taskWaiters.rejectAll(error);
    this.graphWaiters.rejectAll(error);
    await this.close();
    this.state = 'stopped';
  }

  /** Ends what is under way, and makes the last word of it durable. */
  private async drain(graceMs: number): Promise<void> {
    const idle = this.dispatcher.idle();
    let endGrace: (() => void) | undefined;
    const grace = new Promise<void>((resolve) => {
      endGrace = this.options.clock.after(graceMs, resolve);
    });
    await Promise.race([idle, grace]);
    endGrace?.();
    const error = new ExecGoError('cancelled', 'the server is shutting down', { source: 'scheduler' });
    this.dispatcher.stopAll({ kind: 'shutdown', error });
    await idle;
    // A store that refuses these last events has told of it through `fail`; closing goes on.
    await this.log.durable().catch(() => undefined);
  }

  private async close(): Promise<void> {
    this.hub.close();
    this.wheel.clear();
    // First, because it still asks the task store.
    const outputs = await Promise.allSettled([this.outputs.close()]);
    // Each in an async function of its own: one that throws instead of rejecting must not keep the store from being closed.
    const closing = [...this.options.executors, this.options.store].map(async (driver) => driver.close?.());
    const ends = [...outputs, ...(await Promise.allSettled(closing))];
    const failures = ends.filter((result) => result.status === 'rejected');
    if (failures[0] !== undefined && this.failure === undefined) throw failures[0].reason;
  }

  /** The store refused to write: what runs cannot be recorded, so it is ended, and nobody is told anything that is not durable. */
  private fail(error: ExecGoError): void {
    this.failure = error;
    if (this.state === 'running' || this.state === 'starting') this.state = 'failed';
    this.dispatcher.pause();
    void this.retention.stop();
    this.dispatcher.stopAll({ kind: 'failure', error });
    this.taskWaiters.rejectAll(error);
    this.graphWaiters.rejectAll(error);
    this.options.onFailure?.(error);
  }

  private mustRun(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.state !== 'running') throw notRunning(this.state);
  }

  private mustBeOpen(): void {
    if (this.state === 'new' || this.state === 'starting' || this.state === 'stopped') throw notRunning(this.state);
  }
}

/** A scheduler over a store and executors; nothing happens before its `start`. @throws ConfigError naming the option */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new Scheduler(options);
}

function notRunning(state: State): ExecGoError {
  return new ExecGoError('unavailable', `the kernel is not running (${state})`);
}

function healthState(state: State): KernelHealth['state'] {
  if (state === 'running') return 'ok';
  if (state === 'failed') return 'failed';
  return state === 'new' || state === 'starting' ? 'starting' : 'stopping';
}
