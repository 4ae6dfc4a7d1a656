import {
  type EventQuery,
  ExecGoError,
  type FinishedPage,
  type FinishedQuery,
  MemoryStore,
  type OpenedStore,
  type Receipt,
  type Task,
  type TaskEvent,
  type TaskPage,
  type TaskQuery,
  type TaskStore,
} from '@execgo/core';
import { type Deferred, deferred } from '@execgo/testkit';

/** What survives a crash: the events that became durable, in order. */
export type Journal = TaskEvent[];

interface PendingAppend {
  readonly events: readonly TaskEvent[];
  readonly done: Deferred<void>;
}

/**
 * A store whose durable part outlives it: connect another one to the same journal, and it holds what this one had made
 * durable. The test says when appends become durable, and when the process "dies".
 */
export class JournalStore implements TaskStore {
  /** Every append, in order of the calls, durable or not. */
  readonly appends: (readonly TaskEvent[])[] = [];
  closed = 0;
  private readonly memory = new MemoryStore({ maxEvents: Number.MAX_SAFE_INTEGER });
  private readonly waiting: PendingAppend[] = [];
  private holding = false;
  private dead = false;
  private refusal: ExecGoError | undefined;

  constructor(readonly journal: Journal = []) {}

  /** From now on appends wait for `release`. */
  hold(): void {
    this.holding = true;
  }

  get held(): number {
    return this.waiting.length;
  }

  /** Lets the oldest appends become durable; default: all of them, and those to come. */
  async release(count?: number): Promise<void> {
    if (count === undefined) this.holding = false;
    for (const { events, done } of this.waiting.splice(0, count ?? this.waiting.length)) {
      await this.makeDurable(events);
      done.resolve();
    }
  }

  /** Every append from now on, and every held one, is refused, as by a disk that is full. */
  refuse(): void {
    this.refusal = new ExecGoError('unavailable', 'no space left on device');
    for (const { done } of this.waiting.splice(0)) done.reject(this.refusal);
  }

  /** The process dies: of the held appends the first `durable` ones were durable, and nobody is ever told so. */
  crash(durable = 0): void {
    for (const { events } of this.waiting.splice(0).slice(0, durable)) this.journal.push(...events);
    this.dead = true;
  }

  async open(): Promise<OpenedStore> {
    const opened = await this.memory.open();
    if (this.journal.length > 0) await this.memory.append(this.journal.slice());
    return { ...opened, storeId: 'journal', firstSeq: 1, lastSeq: this.journal.length };
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.dead) return new Promise(() => {});
    this.appends.push(events);
    if (this.closed > 0) return Promise.reject(new ExecGoError('unavailable', 'the store is not open'));
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    if (!this.holding && this.waiting.length === 0) return this.makeDurable(events);
    const done = deferred();
    this.waiting.push({ events, done });
    return done.promise;
  }

  getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    return this.memory.getMany(ids);
  }

  list(query: TaskQuery): Promise<TaskPage> {
    return this.memory.list(query);
  }

  events(query: EventQuery): AsyncIterable<TaskEvent> {
    return this.memory.events(query);
  }

  unfinished(): AsyncIterable<readonly Task[]> {
    return this.memory.unfinished();
  }

  finished(query: FinishedQuery): Promise<FinishedPage> {
    return this.memory.finished(query);
  }

  receipt(key: string): Promise<Receipt | undefined> {
    return this.memory.receipt(key);
  }

  async close(): Promise<void> {
    this.closed += 1;
    await this.memory.close();
  }

  private makeDurable(events: readonly TaskEvent[]): Promise<void> {
    this.journal.push(...events);
    return this.memory.append(events);
  }
}
