import type { SqliteDatabase } from './load-sqlite.js';
import { damaged } from './store-errors.js';

/** What holds for the whole store: the one row of the table `store`. */
export interface StoreRow {
  store_id: string;
  /** Seq of the oldest event kept; `last_seq + 1` where there is none. */
  first_seq: number;
  last_seq: number;
  /** Ages are counted to it, so that a store needs no clock. */
  newest_timestamp: number;
  tasks: number;
  /** Of them terminal. */
  finished: number;
  receipts: number;
  /** By `EVENT_BYTES`. */
  event_bytes: number;
}

/** Bytes that an event is counted with in the retention, besides its text: its keys and its places in the indexes. */
export const EVENT_OVERHEAD_BYTES = 100;
/** The same as SQL, over the table `events`. */
export const EVENT_BYTES = `octet_length(event) + ${EVENT_OVERHEAD_BYTES}`;

export function readStoreRow(db: SqliteDatabase, file: string): StoreRow {
  const row = db.prepare('SELECT * FROM store').get() as StoreRow | undefined;
  if (row === undefined) throw damaged(file, 'its table store is empty');
  return row;
}
