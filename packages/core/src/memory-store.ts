import { ExecGoError } from './errors.js';
import type { TaskEvent } from './event.js';
import type {
  EventQuery,
  FinishedPage,
  FinishedQuery,
  OpenedStore,
  Receipt,
  ReceiptRetention,
  TaskPage,
  TaskQuery,
  TaskStore,
} from './ports/task-store.js';
import { SLICE_TASKS, type Sliced } from './slices.js';
import type { Task } from './task.js';
import { TaskTable } from './task-table.js';

export interface MemoryStoreOptions {
  /** How many events are kept, the newest ones. @default 10,000 */
  readonly maxEvents?: number;
  readonly receipts?: ReceiptRetention;
  /** Name of this store, part of every run id: by it a server finds the processes that an earlier life left. @default a random one */
  readonly storeId?: string;
  /** Lets the event loop turn while a large batch is folded, as `Clock.turn`. Default: no pause. */
  readonly turn?: (fn: () => void) => void;
}

const DEFAULT_MAX_EVENTS = 10_000;
/** Up to this many events are folded in one go: a few milliseconds. */
const AT_ONCE = 4 * SLICE_TASKS;

/** A store that forgets everything with its process: for tests, for embedding, and as the measure for durable ones. */
export class MemoryStore implements TaskStore {
  private readonly table: TaskTable;
  private readonly maxEvents: number;
  private readonly storeId: string;
  private readonly turn: ((fn: () => void) => void) | undefined;
  private kept: TaskEvent[] = [];
  private lastSeq = 0;
  private expectedSeq = 1;
  private state: 'closed' | 'open' = 'closed';
  private failure: ExecGoError | undefined;
  /** The append that is being folded in slices, for later ones to wait on. */
  private busy: Promise<void> | undefined;

  constructor(options: MemoryStoreOptions = {}) {
    this.table = new TaskTable(options.receipts);
    this.maxEvents = options.maxEvents ?? DEFAULT_MAX_EVENTS;
    this.storeId = options.storeId ?? crypto.randomUUID();
    this.turn = options.turn;
  }

  async open(): Promise<OpenedStore> {
    if (this.state === 'open') throw new ExecGoError('unavailable', 'this store is open already');
    this.state = 'open';
    this.failure = undefined;
    this.expectedSeq = this.lastSeq + 1;
    return { storeId: this.storeId, firstSeq: this.firstSeq(), lastSeq: this.lastSeq };
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.state !== 'open') return Promise.reject(new ExecGoError('unavailable', 'the store is not open'));
    if (this.failure !== undefined) return Promise.reject(this.failure);
    try {
      this.checkSeqs(events);
      if (this.busy !== undefined || (events.length > AT_ONCE && this.turn !== undefined)) {
        return this.appendLater(events);
      }
      this.table.apply(events);
      this.keep(events);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(this.fail(error));
    }
  }

  async getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    return ids.map((id) => this.table.get(id));
  }

  async list(query: TaskQuery): Promise<TaskPage> {
    return this.table.list(query);
  }

  events(query: EventQuery): AsyncIterable<TaskEvent> {
    return this.keptEvents(query, this.kept, this.kept.length, this.firstSeq());
  }

  async *unfinished(): AsyncIterable<readonly Task[]> {
    yield* this.table.unfinished();
  }

  async finished(query: FinishedQuery): Promise<FinishedPage> {
    return this.table.finished(query);
  }

  async receipt(key: string): Promise<Receipt | undefined> {
    return this.table.receipt(key);
  }

  async close(): Promise<void> {
    await this.busy?.catch(() => undefined);
    this.state = 'closed';
  }

  /** What was kept at the call, however late it is read. */
  private async *keptEvents(query: EventQuery, kept: readonly TaskEvent[], end: number, first: number) {
    const { after, task_id, graph_id, limit = Number.POSITIVE_INFINITY } = query;
    if (after !== undefined && after + 1 < first) {
      throw new ExecGoError('gone', `events up to seq ${first - 1} are no longer kept`, {
        details: { oldest_seq: first },
      });
    }
    let given = 0;
    for (let at = Math.max(0, (after ?? 0) + 1 - first); at < end && given < limit; at += 1) {
      const event = kept[at] as TaskEvent;
      if (graph_id !== undefined && event.graph_id !== graph_id) continue;
      if (task_id !== undefined && (event.type === 'graph_submitted' || event.task_id !== task_id)) continue;
      given += 1;
      yield event;
    }
  }

  private appendLater(events: readonly TaskEvent[]): Promise<void> {
    const before = this.busy ?? Promise.resolve();
    const mine = before.then(async () => {
      try {
        await this.inTurns(this.table.commitSliced(await this.inTurns(this.table.stage(events))));
        this.keep(events);
      } catch (error) {
        throw this.fail(error);
      } finally {
        if (this.busy === mine) this.busy = undefined;
      }
    });
    this.busy = mine;
    return mine;
  }

  private async inTurns<T>(work: Sliced<T>): Promise<T> {
    const { turn } = this;
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      if (turn !== undefined) await new Promise<void>((resolve) => turn(resolve));
    }
  }

  private keep(events: readonly TaskEvent[]): void {
    for (const event of events) this.kept.push(event);
    this.lastSeq += events.length;
    // A new array, so that a reader under way keeps the one it began with; at twice the size, so that it happens seldom.
    if (this.kept.length > 2 * this.maxEvents) this.kept = this.kept.slice(-this.maxEvents);
  }

  private checkSeqs(events: readonly TaskEvent[]): void {
    for (const event of events) {
      if (event.seq !== this.expectedSeq) {
        throw new ExecGoError('internal', `event seq ${event.seq} does not follow ${this.expectedSeq - 1}`);
      }
      this.expectedSeq += 1;
    }
  }

  private fail(error: unknown): ExecGoError {
    this.failure ??= new ExecGoError('unavailable', 'the store refused an append and is read-only', { cause: error });
    return this.failure;
  }

  private firstSeq(): number {
    return this.lastSeq - this.kept.length + 1;
  }
}
