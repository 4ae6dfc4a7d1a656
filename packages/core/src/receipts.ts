import type { GraphSubmitted } from './event.js';
import type { Receipt, ReceiptRetention } from './ports/task-store.js';

/** Receipts by their key, oldest first. Ages are counted to the newest event, so that no clock is needed; none is kept shorter for it. */
export class Receipts {
  private readonly kept = new Map<string, Receipt>();
  private newestTimestamp = 0;

  constructor(private readonly retention: ReceiptRetention) {}

  all(): IterableIterator<[string, Receipt]> {
    return this.kept.entries();
  }

  get(key: string): Receipt | undefined {
    const receipt = this.kept.get(key);
    return receipt === undefined || this.expired(receipt) ? undefined : receipt;
  }

  /** Adds one of a snapshot. */
  load(key: string, receipt: Receipt): void {
    this.kept.set(key, receipt);
    this.noteTime(receipt.created_at);
  }

  /** Keeps that of a graph, where it has one, in place of those that are too old or too many. */
  keep({ timestamp, graph_id, receipt }: GraphSubmitted): void {
    this.noteTime(timestamp);
    if (receipt === undefined) return;
    const { key, digest, task_ids, warnings = [] } = receipt;
    this.kept.delete(key);
    this.kept.set(key, { graph_id, task_ids, digest, warnings, created_at: timestamp });
    for (const [oldKey, old] of this.kept) {
      if (this.kept.size <= this.retention.maxKeys && !this.expired(old)) break;
      this.kept.delete(oldKey);
    }
  }

  /** Something happened at this time, in epoch milliseconds. */
  noteTime(timestamp: number): void {
    if (timestamp > this.newestTimestamp) this.newestTimestamp = timestamp;
  }

  private expired(receipt: Receipt): boolean {
    return this.newestTimestamp - receipt.created_at > this.retention.maxAgeMs;
  }
}
