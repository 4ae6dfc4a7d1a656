import type { TaskEvent } from '../event.js';
import type { Task } from '../task.js';
import type { OpenedStore, Receipt } from './task-store.js';

/** An idempotency key and the answer kept for it. */
export interface KeptReceipt {
  readonly key: string;
  readonly receipt: Receipt;
}

/**
 * Everything that a store holds at one moment, in the order in which another one can be filled with it. Each part may be read
 * more than once, and from any place on. Whoever was given it closes it.
 */
export interface StoreContents extends OpenedStore {
  /** Every task submitted after a seq, by `submitted_seq`, in batches. @param after default: all */
  tasks(after?: number): AsyncIterable<readonly Task[]>;
  /** Every event kept, in order of seq from `firstSeq` to `lastSeq`, in batches. @param after only later ones. Default: all */
  events(after?: number): AsyncIterable<readonly TaskEvent[]>;
  /** Every receipt, oldest first, in batches. */
  receipts(): AsyncIterable<readonly KeptReceipt[]>;
  /** Gives up what it holds open. Safe to call twice. */
  close(): Promise<void>;
}

/** How far a copy has come. */
export interface CopyProgress {
  readonly part: 'tasks' | 'events' | 'receipts';
  /** How many of that part are written, those of an earlier try included. */
  readonly done: number;
}

/** One thing that a look at a store found. */
export interface StoreFinding {
  /** `error`: it will not open, or something is lost; `warning`: it opens, and somebody should know; `note`: worth telling. */
  readonly severity: 'error' | 'warning' | 'note';
  /** What is the case, in a sentence. */
  readonly message: string;
  /** What can be done about it, in a sentence. */
  readonly remedy?: string;
  readonly file?: string;
  /** Where in that file, in bytes. */
  readonly offset?: number;
}

/** What a look at a store found. */
export interface StoreReport {
  /** Where it is, for people. */
  readonly place: string;
  /** Facts of interest (counts, sizes, seqs), as far as they could be read. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Most severe first; empty when all is well. */
  readonly findings: readonly StoreFinding[];
}

/**
 * A store as seen from outside, for whoever keeps it: backup, migration, a look at what is wrong. It belongs to the place, not
 * to an open store; the scheduler knows nothing of it.
 */
export interface StoreMaintenance {
  /**
   * What the store holds now: consistent, without its lock, and without changing anything, also while a server goes on writing.
   * @throws ExecGoError `not_found` where there is no store, `internal` for damage (naming the place)
   */
  read(): Promise<StoreContents>;
  /**
   * Makes the store out of these contents, seqs and name included, so that it goes on where the other one stood. Takes the lock.
   * All or nothing: until it has resolved nobody can open the place as a store. What an interrupted fill from the same contents
   * has left is continued; anything else there is refused.
   * @throws ExecGoError `conflict` where the place is not empty, `unavailable` when it is locked or cannot be written
   */
  fill(contents: StoreContents, onProgress?: (progress: CopyProgress) => void): Promise<void>;
  /** Looks at everything, changes nothing, never throws for damage: that is what it tells. Not for a store that is being written to: what is under way there may look damaged. */
  inspect(): Promise<StoreReport>;
  /**
   * Who has the store open for writing now, in words for people (`pid 7 on host since …`); undefined when nobody has. What is
   * read then lacks what is written later. A place that has no such owner (a file that is written once) lacks this.
   */
  usedBy?(): Promise<string | undefined>;
}
