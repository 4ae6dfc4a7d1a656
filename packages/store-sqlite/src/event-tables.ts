import type { ReceiptRetention, ReceiptSeed, TaskEvent } from '@execgo/core';
import { checkRow, withChecksum } from './checked-row.js';
import { toColumn } from './column-text.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { damaged, LOOK } from './store-errors.js';
import { EVENT_BYTES, EVENT_OVERHEAD_BYTES, type StoreRow } from './store-row.js';

/** When events are dropped, a share of the retention is made free: one part in so many. */
const SPARE_SHARE = 16;

/** Writes events and drops the oldest. The row of the store is told of all of it, and written by the caller. */
export class EventTable {
  private readonly insertEvent: SqliteStatement;
  private readonly oldest: SqliteStatement;
  private readonly deleteUpTo: SqliteStatement;
  private isDropping = false;

  constructor(
    db: SqliteDatabase,
    private readonly row: StoreRow,
  ) {
    this.insertEvent = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)');
    this.oldest = db.prepare(`SELECT seq, ${EVENT_BYTES} FROM events WHERE seq < ? ORDER BY seq LIMIT ?`).raw();
    this.deleteUpTo = db.prepare('DELETE FROM events WHERE seq <= ?');
  }

  add(event: TaskEvent, text: string): void {
    const taskId = event.type === 'graph_submitted' ? null : toColumn(event.task_id);
    this.insertEvent.run(...withChecksum('events', [event.seq, taskId, toColumn(event.graph_id), text]));
    this.row.event_bytes += Buffer.byteLength(text) + EVENT_OVERHEAD_BYTES;
    this.row.last_seq = event.seq;
    if (event.timestamp > this.row.newest_timestamp) this.row.newest_timestamp = event.timestamp;
  }

  /**
   * Drops the oldest events when all of them have more than so many bytes, and then some more than it must: not with every append.
   * @param before this event and later ones stay
   * @param most how many may go now
   */
  drop(maxBytes: number, before: number, most: number): void {
    if (this.row.event_bytes > maxBytes) this.isDropping = true;
    if (!this.isDropping) return;
    const target = maxBytes - maxBytes / SPARE_SHARE;
    let last: number | undefined;
    for (const [seq, bytes] of this.oldest.iterate(before, most) as IterableIterator<[number, number]>) {
      if (this.row.event_bytes <= target) break;
      this.row.event_bytes -= bytes;
      last = seq;
    }
    this.isDropping = this.row.event_bytes > target;
    if (last === undefined) return;
    this.deleteUpTo.run(last);
    this.row.first_seq = last + 1;
  }
}

export type ReceiptColumns = readonly [n: number, key: string, createdAt: number, receipt: string, crc: number];

/** Writes receipts and drops those that are too old or too many. */
export class ReceiptTable {
  private readonly insertReceipt: SqliteStatement;
  private readonly deleteKey: SqliteStatement;
  private readonly deletePlace: SqliteStatement;
  private readonly oldest: SqliteStatement;
  /** Where the next one goes. */
  private place: number;

  constructor(
    db: SqliteDatabase,
    private readonly file: string,
    private readonly row: StoreRow,
  ) {
    this.place = 1 + (db.prepare('SELECT coalesce(max(n), 0) FROM receipts').pluck().get() as number);
    this.insertReceipt = db.prepare('INSERT INTO receipts VALUES (?, ?, ?, ?, ?)');
    this.deleteKey = db.prepare('DELETE FROM receipts WHERE key = ?');
    this.deletePlace = db.prepare('DELETE FROM receipts WHERE n = ?');
    this.oldest = db.prepare('SELECT * FROM receipts ORDER BY n LIMIT 1').raw();
  }

  keep(graphId: string, { key, digest, task_ids, warnings = [] }: ReceiptSeed, createdAt: number): void {
    this.row.receipts -= this.deleteKey.run(toColumn(key)).changes;
    this.add(key, createdAt, JSON.stringify({ graph_id: graphId, task_ids, digest, warnings }));
  }

  /** One with a key that is not there. */
  add(key: string, createdAt: number, receipt: string): void {
    this.insertReceipt.run(...withChecksum('receipts', [this.place, toColumn(key), createdAt, receipt]));
    this.place += 1;
    this.row.receipts += 1;
  }

  drop({ maxKeys, maxAgeMs }: ReceiptRetention): void {
    while (this.row.receipts > 0) {
      const oldest = this.oldest.get() as ReceiptColumns | undefined;
      if (oldest === undefined) throw damaged(this.file, `of ${this.row.receipts} receipts there is none: ${LOOK}`);
      checkRow(this.file, 'receipts', oldest);
      const [n, , createdAt] = oldest;
      if (this.row.receipts <= maxKeys && this.row.newest_timestamp - createdAt <= maxAgeMs) return;
      this.deletePlace.run(n);
      this.row.receipts -= 1;
    }
  }
}
