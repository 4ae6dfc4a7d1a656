import { type FinishedPage, type FinishedTask, statusAfter, type TaskEvent, type TaskStore } from '@execgo/core';
import type { CommitLog } from './commit-log.js';
import type { GraphIndex } from './graph-index.js';
import type { Ledger } from './ledger.js';
import { type ResolvedRetention, type ResolvedSchedulerOptions, SWEEP_REST_MS_PER_TASK } from './options.js';
import type { Outputs } from './outputs.js';
import type { Reservations } from './reservations.js';

/** Who prunes, in the events that tell of it. */
const ACTOR = 'retention';

export interface RetentionParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly ledger: Ledger;
  readonly log: CommitLog;
  readonly outputs: Outputs;
  readonly reservations: Reservations;
}

/** What one sweep of retention came to. */
export interface RetentionSweep {
  /** Finished tasks that it deleted. */
  readonly pruned: number;
  /** Finished tasks that were there when it ended. */
  readonly finished: number;
  /** Why it ended early: the store could not be read. The next sweep tries again. */
  readonly error?: unknown;
}

/** A sweep as far as it has come. */
interface Progress {
  pruned: number;
  /** Tasks that are due and stay for now: an unfinished task depends on them, or something else is under way with them. */
  passedOver: number;
  /** `last_seq` of the last task looked at. */
  after: number;
  finished: number;
}

/**
 * Deletes finished tasks that are too old or too many, oldest first, in batches of one append each. Sweeps come at the start,
 * at intervals, and soon after a task has ended that is one too many; never two at a time. What ends costs nothing but a
 * count: which tasks there are is asked of the store.
 */
export class Retention {
  /** Tasks deleted since the start. */
  pruned = 0;
  private readonly limits: ResolvedRetention | undefined;
  /** Finished tasks there are, or a few more: those that were replaced since the last sweep are still counted. */
  private finished = 0;
  /** Ids that ended or were deleted since a page was asked for: what the page says of them may be out of date. */
  private changed: Set<string> | undefined;
  private work: Promise<void> | undefined;
  /** A task has ended since the sweep under way began. */
  private hasMore = false;
  private next: { readonly isSoon: boolean; readonly cancel: () => void } | undefined;
  /** Monotonic milliseconds: no sweep begins earlier. */
  private restsUntil = 0;
  private isRunning = false;

  constructor(private readonly parts: RetentionParts) {
    this.limits = parts.options.retention;
  }

  /** The first sweep begins in the next turn of the event loop. */
  start(): void {
    if (this.limits === undefined) return;
    this.isRunning = true;
    this.parts.options.clock.turn(() => this.sweep());
  }

  /** No further batch is begun. Resolves when nothing is under way; never rejects. */
  async stop(): Promise<void> {
    this.isRunning = false;
    this.next?.cancel();
    this.next = undefined;
    await this.work;
  }

  /** An event is durable. */
  published(event: TaskEvent): void {
    if (this.limits === undefined || event.type === 'graph_submitted') return;
    const status = statusAfter(event.type);
    if (status === 'pending' || status === 'running') return;
    this.changed?.add(event.task_id);
    if (status === 'absent') {
      this.finished -= 1;
      return;
    }
    this.finished += 1;
    this.hasMore = true;
    if (this.next?.isSoon === false && this.hasTooMany) this.schedule(true);
  }

  private get hasTooMany(): boolean {
    return this.finished > (this.limits as ResolvedRetention).maxFinished;
  }

  private schedule(isSoon: boolean): void {
    const { clock } = this.parts.options;
    const { sweepDelayMs, sweepIntervalMs } = this.limits as ResolvedRetention;
    const restMs = this.restsUntil - clock.monotonic();
    this.next?.cancel();
    const delayMs = Math.max(restMs, isSoon ? sweepDelayMs : sweepIntervalMs);
    this.next = { isSoon, cancel: clock.after(delayMs, () => this.sweep()) };
  }

  private sweep(): void {
    this.next = undefined;
    if (!this.isRunning) return;
    this.hasMore = false;
    this.work = this.sweepOnce().then((passedOver) => {
      this.work = undefined;
      this.restsUntil = this.parts.options.clock.monotonic() + Math.floor(passedOver * SWEEP_REST_MS_PER_TASK);
      if (this.isRunning) this.schedule(this.hasMore && this.hasTooMany);
    });
  }

  /** @returns how many tasks it had to pass over */
  private async sweepOnce(): Promise<number> {
    const progress: Progress = { pruned: 0, passedOver: 0, after: 0, finished: 0 };
    let failure: { readonly error: unknown } | undefined;
    try {
      while (this.isRunning && (await this.pruneBatch(progress)));
    } catch (error) {
      this.changed = undefined;
      // A store that refuses to write has stopped everything, this too, and that is told elsewhere.
      if (this.isRunning) failure = { error };
    }
    const { pruned, finished, passedOver } = progress;
    if (pruned > 0 || failure !== undefined) this.tell({ pruned, finished, ...failure });
    return passedOver;
  }

  /** A caller's function that throws is the caller's to hear of, and no reason to keep tasks for ever. */
  private tell(sweep: RetentionSweep): void {
    try {
      this.parts.options.onRetention?.(sweep);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** @returns whether more may be due */
  private async pruneBatch(progress: Progress): Promise<boolean> {
    const { store, options } = this.parts;
    const { batchSize } = this.limits as ResolvedRetention;
    const changed = new Set<string>();
    this.changed = changed;
    this.finished = 0;
    const page = await store.finished({ after: progress.after, limit: batchSize });
    // From here to the decision nothing else happens: what the page, the index and the reservations say is of one moment.
    const due = this.dueOf(page, progress.passedOver);
    const free = due.filter(({ id }) => !changed.has(id) && this.isFree(id));
    this.changed = undefined;
    // What ended meanwhile may be in the total already: one too many costs a sweep, one too few would be forgotten.
    this.finished += page.total;
    progress.finished = page.total - free.length;
    progress.passedOver += due.length - free.length;
    if (free.length > 0) {
      await this.prune(free);
      progress.pruned += free.length;
    }
    if (due.length < batchSize) return false;
    progress.after = (due.at(-1) as FinishedTask).last_seq;
    await new Promise<void>((resolve) => options.clock.turn(resolve));
    return true;
  }

  /** The tasks of a page that are too old or too many, in so far as they come before all that are neither. @param before tasks that ended earlier */
  private dueOf({ tasks, total }: FinishedPage, before: number): readonly FinishedTask[] {
    const { maxAgeMs, maxFinished } = this.limits as ResolvedRetention;
    const surplus = total - before - maxFinished;
    const oldestMs = this.parts.options.clock.now() - maxAgeMs;
    const end = tasks.findIndex(({ updated_at }, at) => at >= surplus && updated_at > oldestMs);
    return end < 0 ? tasks : tasks.slice(0, end);
  }

  /** Nobody depends on it, and it is neither submitted again nor deleted nor about to be depended on. */
  private isFree(id: string): boolean {
    return this.parts.index.get(id) === undefined && !this.parts.reservations.isHeld(id);
  }

  private async prune(tasks: readonly FinishedTask[]): Promise<void> {
    const { ledger, log, outputs, reservations } = this.parts;
    for (const { id, graph_id } of tasks) ledger.deleted(id, graph_id, ACTOR);
    const gone = log.durable();
    const release = reservations.holdPruned(tasks, gone);
    try {
      await gone;
    } finally {
      release();
    }
    this.pruned += tasks.length;
    await outputs.remove(tasks);
  }
}
