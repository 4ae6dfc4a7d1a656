import type { Change } from './change.js';

/** One value on its way into Redis. */
export interface Fill {
  readonly id: string;
  /** Name of the entry it becomes: never used before, never used again. */
  readonly entry: number;
}

/**
 * What is in the cache, and the reason why nothing in it can be wrong. Redis holds values under names that are given once; which
 * of them is the present state of a task, this process alone knows, since nobody else writes the store. So three rules do:
 *
 * - An append forgets the tasks it changes before it begins. What Redis still holds of them has no name any more: whether it
 *   was deleted there, came back after a restart, or arrives late does not matter.
 * - While such an append is under way, its tasks are neither found here nor filled in.
 * - A value read from the store counts only if no append of its task began since before that read.
 *
 * Hence: while a task has an entry, the store's state of it is that value.
 */
export class CacheIndex {
  private entries = new Map<string, number>();
  /** Entries that are dropped when `entries` is half of what may be: a map that loses its first key again and again is slow. */
  private older = new Map<string, number>();
  /** Appends under way. */
  private readonly changes = new Set<Change>();
  /** One a task: who comes second reads the store and leaves it at that. */
  private readonly fills = new Map<string, Fill>();
  private nextEntry = 0;

  constructor(private readonly limits: { readonly maxEntries: number; readonly maxPendingFills: number }) {}

  /** The entry of a task; undefined when the store has to be asked. */
  entryOf(id: string): number | undefined {
    return this.entries.get(id) ?? this.older.get(id);
  }

  isChanging(id: string): boolean {
    for (const change of this.changes) if (change.concerns(id)) return true;
    return false;
  }

  /** An append begins. @returns the entries that this leaves without a name */
  beginChange(change: Change): readonly number[] {
    this.changes.add(change);
    const forgotten: number[] = [];
    if (this.entries.size + this.older.size + this.fills.size === 0) return forgotten;
    for (const id of change.ids()) {
      this.fills.delete(id);
      const entry = this.entryOf(id);
      if (entry === undefined) continue;
      this.forget(id, entry);
      forgotten.push(entry);
    }
    return forgotten;
  }

  /** That append has ended, durable or not. */
  endChange(change: Change): void {
    this.changes.delete(change);
  }

  /** To be called before the store is read; undefined when what is read must not be filled in. */
  beginFill(id: string): Fill | undefined {
    if (this.fills.has(id) || this.fills.size >= this.limits.maxPendingFills || this.isChanging(id)) return undefined;
    const fill = { id, entry: this.nextEntry };
    this.nextEntry += 1;
    this.fills.set(id, fill);
    return fill;
  }

  /** Whether it may still become an entry. */
  isCurrent(fill: Fill): boolean {
    return this.fills.get(fill.id) === fill;
  }

  /** Redis has the value. @returns false when the task has changed since, and the value is nobody's */
  endFill(fill: Fill): boolean {
    if (!this.isCurrent(fill)) return false;
    this.fills.delete(fill.id);
    if (this.entries.size >= this.limits.maxEntries / 2) {
      this.older = this.entries;
      this.entries = new Map();
    }
    this.older.delete(fill.id);
    this.entries.set(fill.id, fill.entry);
    return true;
  }

  dropFill(fill: Fill): void {
    if (this.isCurrent(fill)) this.fills.delete(fill.id);
  }

  /** Redis no longer has this entry. */
  forget(id: string, entry: number): void {
    if (this.entryOf(id) !== entry) return;
    this.entries.delete(id);
    this.older.delete(id);
  }

  /** Forgets every entry and every fill; appends under way go on to count. */
  clear(): void {
    this.entries.clear();
    this.older.clear();
    this.fills.clear();
  }
}
