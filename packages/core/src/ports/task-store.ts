import type { TaskEvent } from '../event.js';
import type { Task, TaskStatus } from '../task.js';

/** What `open` found. */
export interface OpenedStore {
  /** Random name of this store, made when it was created; part of every run id. */
  readonly storeId: string;
  /** Seq of the oldest event still kept; `lastSeq + 1` when there is none. */
  readonly firstSeq: number;
  /** Seq of the newest event; 0 in a new store. */
  readonly lastSeq: number;
}

export interface TaskQuery {
  readonly status?: TaskStatus;
  /** The normalised type. */
  readonly type?: string;
  readonly graph_id?: string;
  readonly handle_id?: string;
  /** All of these must match. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Most tasks in the page. Default: no limit but the page's 8 MiB. */
  readonly limit?: number;
  /** Only tasks submitted before this seq: `next` of the page before. */
  readonly before?: number;
}

export interface TaskPage {
  /** Newest first, by `submitted_seq`. */
  readonly tasks: readonly Task[];
  /** Where the next page starts; absent on the last one. */
  readonly next?: number;
}

export interface EventQuery {
  /** Only events after this seq. Default: from the oldest kept. */
  readonly after?: number;
  readonly task_id?: string;
  readonly graph_id?: string;
  /** Most events. Default: all. */
  readonly limit?: number;
}

export interface FinishedQuery {
  /** Only tasks that ended after this seq: `last_seq` of the last one of the page before. @default 0 */
  readonly after?: number;
  /** Most tasks in the page. */
  readonly limit: number;
}

/** A terminal task, as far as it takes to decide how long it is kept. */
export interface FinishedTask {
  readonly id: string;
  readonly graph_id: string;
  readonly submitted_seq: number;
  /** Seq of the event that ended it. */
  readonly last_seq: number;
  /** When it ended: epoch milliseconds. */
  readonly updated_at: number;
}

export interface FinishedPage {
  /** By `last_seq`: the one that ended first comes first. */
  readonly tasks: readonly FinishedTask[];
  /** How many terminal tasks there are in all. */
  readonly total: number;
}

/** The answer a submission got, kept for a repeat with the same idempotency key. */
export interface Receipt {
  readonly graph_id: string;
  readonly task_ids: readonly string[];
  /** SHA-256 of the normalised specs, hex. */
  readonly digest: string;
  readonly warnings: readonly string[];
  /** Epoch milliseconds. */
  readonly created_at: number;
}

/** How long receipts are kept. */
export interface ReceiptRetention {
  /** @default 24 hours */
  readonly maxAgeMs: number;
  /** @default 100,000 */
  readonly maxKeys: number;
}
export const RECEIPT_RETENTION: ReceiptRetention = { maxAgeMs: 24 * 3600 * 1000, maxKeys: 100_000 };

/** Target size of a page of `list`, in bytes of its tasks' inputs and results. */
export const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/**
 * Remembers tasks and their events. It folds events with `applyEvent` and decides nothing. Reads show durable state only:
 * an event is visible from the moment its `append` has resolved, and all events of one append become visible together.
 * There is one writer at a time, and it is the scheduler.
 */
export interface TaskStore {
  /**
   * Makes the store ready: takes the single-writer lock, repairs a torn tail, and refuses anything worse.
   * @throws ExecGoError `unavailable` when another process has it (naming the owner), `internal` for damage (naming the place)
   */
  open(): Promise<OpenedStore>;
  /**
   * Makes events durable, all of them or none. Seqs are given by the caller and contiguous with what came before. Calls may
   * overlap; they become durable in the order they were made. Once one rejects, so do all queued and later ones, until the
   * store is opened again; reads go on. The array and the events are not modified, by either side, from here on.
   * @throws ExecGoError `unavailable`
   */
  append(events: readonly TaskEvent[]): Promise<void>;
  /** The tasks with these ids, in this order; undefined for one that is absent. */
  getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]>;
  /** One page, newest submission first. It ends at `limit` or at about 8 MiB, whichever comes first, and holds at least one task if any matches. */
  list(query: TaskQuery): Promise<TaskPage>;
  /**
   * Kept events in order of seq, up to the newest that was durable at the call.
   * @throws ExecGoError `gone` (details.oldest_seq) on the first step when `after` names a place older than what is kept
   */
  events(query: EventQuery): AsyncIterable<TaskEvent>;
  /** Every task that is not terminal, in batches, by `submitted_seq`, oldest first. */
  unfinished(): AsyncIterable<readonly Task[]>;
  /** Terminal tasks, the one that ended first foremost: what retention goes by. Costs what it gives out, however many there are. */
  finished(query: FinishedQuery): Promise<FinishedPage>;
  /** The receipt of an idempotency key, while it is kept. */
  receipt(key: string): Promise<Receipt | undefined>;
  /** Flushes what was appended, writes what makes the next start quick, gives up the lock. Safe to call twice. */
  close(): Promise<void>;
}
