import { type Column, checkRow, withChecksum } from './checked-row.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
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

type Columns = readonly [
  one: number,
  storeId: string,
  firstSeq: number,
  lastSeq: number,
  newestTimestamp: number,
  tasks: number,
  finished: number,
  receipts: number,
  eventBytes: number,
  crc: number,
];

/** The table `store`, read and written as a whole. */
export class StoreTable {
  private readonly select: SqliteStatement;
  private readonly replace: SqliteStatement | undefined;

  constructor(
    db: SqliteDatabase,
    private readonly file: string,
  ) {
    this.select = db.prepare<unknown[]>('SELECT * FROM store').raw();
    this.replace = db.readonly ? undefined : db.prepare('REPLACE INTO store VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  }

  /** @throws ExecGoError `internal` where it is missing or does not match its checksum */
  read(): StoreRow {
    const columns = this.columns();
    checkRow(this.file, 'store', columns);
    return rowOf(columns);
  }

  /** As it is, for who looks for damage. */
  readUnchecked(): StoreRow {
    return rowOf(this.columns());
  }

  write(row: StoreRow): void {
    const { store_id, first_seq, last_seq, newest_timestamp, tasks, finished, receipts, event_bytes } = row;
    const columns: Column[] = [
      1,
      store_id,
      first_seq,
      last_seq,
      newest_timestamp,
      tasks,
      finished,
      receipts,
      event_bytes,
    ];
    this.replace?.run(...withChecksum('store', columns).slice(1));
  }

  private columns(): Columns {
    const columns = this.select.get() as Columns | undefined;
    if (columns === undefined) throw damaged(this.file, 'its table store is empty');
    return columns;
  }
}

function rowOf([
  ,
  store_id,
  first_seq,
  last_seq,
  newest_timestamp,
  tasks,
  finished,
  receipts,
  event_bytes,
]: Columns): StoreRow {
  return { store_id, first_seq, last_seq, newest_timestamp, tasks, finished, receipts, event_bytes };
}
