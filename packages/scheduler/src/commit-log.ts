import { type Clock, ExecGoError, errorMessage, type TaskEvent, type TaskStore } from '@execgo/core';
import { Fifo } from './fifo.js';
import type { TaskNode } from './graph-index.js';

/** Events that become durable together, with the node each belongs to. */
export class Batch {
  readonly events: TaskEvent[] = [];
  readonly nodes: (TaskNode | undefined)[] = [];
  bytes = 0;
  /** Monotonic milliseconds of the append. */
  appendedAt = 0;
  durable = false;
  private listeners: { resolve(): void; reject(error: ExecGoError): void }[] | undefined;

  published(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.listeners ??= [];
      this.listeners.push({ resolve, reject });
    });
  }

  resolve(): void {
    for (const listener of this.listeners ?? []) listener.resolve();
  }

  reject(error: ExecGoError): void {
    for (const listener of this.listeners ?? []) listener.reject(error);
  }
}

export interface CommitLogOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
  /** How long an event that nobody waits for may stay behind before it is appended on its own, in milliseconds. */
  readonly lazyDelayMs: number;
  /** Called for every durable batch, in order of seq. */
  readonly publish: (batch: Batch) => void;
  /** Called once, when the store refuses an append. */
  readonly onFailure: (error: ExecGoError) => void;
}

/**
 * COMMIT: collects the events of one turn of the event loop into one append, lets appends overlap, and hands batches on to
 * PUBLISH in order once they are durable. The only caller of `store.append`.
 */
export class CommitLog {
  private collecting = new Batch();
  private readonly inFlight = new Fifo<Batch>();
  private newest: Batch | undefined;
  private seq = 0;
  private bytes = 0;
  private flushScheduled = false;
  private cancelLazyFlush: (() => void) | undefined;
  private failure: ExecGoError | undefined;

  constructor(private readonly options: CommitLogOptions) {}

  /** Size of what is not durable yet, in bytes, estimated. */
  get uncommittedBytes(): number {
    return this.bytes;
  }

  /** Where the sequence goes on: the seq of the store's newest event. */
  startAfter(lastSeq: number): void {
    this.seq = lastSeq;
  }

  /** The seq of the next event; it must be added at once. */
  nextSeq(): number {
    this.seq += 1;
    return this.seq;
  }

  /** @param lazy nobody waits for this event: it may ride the next append */
  add(event: TaskEvent, node: TaskNode | undefined, bytes: number, lazy = false): void {
    if (this.failure !== undefined) return;
    const batch = this.collecting;
    batch.events.push(event);
    batch.nodes.push(node);
    batch.bytes += bytes;
    this.bytes += bytes;
    if (this.flushScheduled) return;
    if (lazy) {
      this.cancelLazyFlush ??= this.options.clock.after(this.options.lazyDelayMs, () => this.flush());
      return;
    }
    this.flushScheduled = true;
    this.options.clock.turn(() => this.flush());
  }

  /** Resolves when everything added so far is durable and published; rejects `unavailable` when that failed. */
  durable(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.collecting.events.length > 0) {
      const { collecting } = this;
      // Somebody waits now: a batch of lazy events alone must not sit out its delay.
      if (!this.flushScheduled) {
        this.flushScheduled = true;
        this.options.clock.turn(() => this.flush());
      }
      return collecting.published();
    }
    return this.newest?.published() ?? Promise.resolve();
  }

  /**
   * Nothing is appended or published from here on, and the store may be closed: who adds or waits after this is told so, and
   * who waits already, since for them the outcome is unknown.
   */
  close(error: ExecGoError): void {
    if (this.failure === undefined) this.end(error);
  }

  private flush(): void {
    this.flushScheduled = false;
    this.cancelLazyFlush?.();
    this.cancelLazyFlush = undefined;
    const batch = this.collecting;
    if (batch.events.length === 0 || this.failure !== undefined) return;
    this.collecting = new Batch();
    this.newest = batch;
    this.inFlight.push(batch);
    batch.appendedAt = this.options.clock.monotonic();
    this.options.store
      .append(batch.events)
      .then(() => this.onDurable(batch))
      .catch((error: unknown) => this.fail(error));
  }

  /** A store may tell of two appends in any order; they are published in theirs. */
  private onDurable(batch: Batch): void {
    batch.durable = true;
    if (this.failure !== undefined) return;
    for (let next = this.inFlight.peek(); next?.durable; next = this.inFlight.peek()) {
      this.inFlight.shift();
      this.bytes -= next.bytes;
      if (this.newest === next) this.newest = undefined;
      this.options.publish(next);
      next.resolve();
    }
  }

  private fail(cause: unknown): void {
    if (this.failure !== undefined) return;
    const error = new ExecGoError('unavailable', `the store refused to write: ${errorMessage(cause)}`, { cause });
    this.end(error);
    this.options.onFailure(error);
  }

  private end(error: ExecGoError): void {
    this.failure = error;
    this.cancelLazyFlush?.();
    for (let batch = this.inFlight.shift(); batch !== undefined; batch = this.inFlight.shift()) batch.reject(error);
    this.collecting.reject(error);
  }
}
