import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { errorMessage, type OpenedStore, type ReceiptRetention, reviveEvent, type TaskEvent } from '@execgo/core';
import type { AppendPart, FromWriter, ToWriter } from './append-port.js';
import { openWritable, type WritableOptions } from './database-file.js';
import { EventTable, ReceiptTable } from './event-tables.js';
import { Fold, type FoldedEvent } from './fold.js';
import type { SqliteDatabase, SqliteStatement } from './load-sqlite.js';
import { type StoreRow, StoreTable } from './store-row.js';
import { WriteAheadLog } from './write-ahead-log.js';

/** Most events of one transaction, unless a single append has more. */
const MAX_GROUP_EVENTS = 20_000;
/** Events that may be dropped for each new one: the history shrinks while it grows, and a commit costs at most so much more. */
const DROPS_PER_EVENT = 2;
/** Events that may be dropped at once beside that: with a small append, and when there is nothing else to do. */
const DROP_BATCH = 500;
/** How long nobody has appended when the writer takes up work that can wait, in milliseconds. */
const IDLE_MS = 20;

export interface WriterOptions extends WritableOptions {
  readonly eventRetentionBytes: number;
  readonly receipts: ReceiptRetention;
}

export interface OpenedForWriting extends OpenedStore {
  readonly imported: number;
}

/**
 * The one writer of a database, in a thread of its own. What arrives while a transaction is committed shares the next one
 * (group commit). An append of several parts has a transaction for itself, and its parts are written while the others are yet
 * to come. An event that cannot be folded ends it before anything of its append is committed; a failed call of SQLite ends it
 * with all of its transaction. In both cases for good: nothing is tried again.
 */
export class Writer {
  readonly opened: OpenedForWriting;
  private readonly db: SqliteDatabase;
  private readonly fold: Fold;
  private readonly row: StoreRow;
  private readonly events: EventTable;
  private readonly receipts: ReceiptTable;
  private readonly log: WriteAheadLog;
  private readonly begin: SqliteStatement;
  private readonly end: SqliteStatement;
  private readonly store: StoreTable;
  /** Whole appends in the open transaction. */
  private appends = 0;
  /** Events in it. */
  private added = 0;
  /** Its first event. */
  private firstAdded = 0;
  /** Whether an append has begun that has parts to come. */
  private isWithin = false;
  private idleTimer: NodeJS.Timeout | undefined;
  private hasFailed = false;
  private isClosed = false;

  constructor(
    private readonly options: WriterOptions,
    private readonly port: MessagePort,
    warn: (message: string) => void,
  ) {
    const { db, imported } = openWritable(options, warn);
    this.db = db;
    this.store = new StoreTable(db, options.file);
    this.row = this.store.read();
    this.fold = new Fold(db, options.file);
    this.events = new EventTable(db, this.row);
    this.receipts = new ReceiptTable(db, options.file, this.row);
    this.log = new WriteAheadLog(db, options, warn);
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.end = db.prepare('COMMIT');
    const { store_id, first_seq, last_seq } = this.row;
    this.opened = { storeId: store_id, firstSeq: first_seq, lastSeq: last_seq, imported };
    port.on('message', (message: ToWriter) => this.take(message));
    this.dropWhenIdle();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.idleTimer);
    this.port.close();
    if (this.db.inTransaction) this.db.exec('ROLLBACK');
    // After a failed flush nothing of the log may be trusted to be on the disk but what was flushed before: the next start looks.
    if (!this.hasFailed) this.log.finish();
    this.db.close();
  }

  private take(first: ToWriter): void {
    if (this.hasFailed || this.isClosed) return;
    try {
      for (let message: ToWriter | undefined = first; message !== undefined && !this.hasFailed; message = this.next()) {
        if ('aborted' in message) this.refuse(message.aborted);
        else this.takePart(message);
      }
      if (!this.hasFailed && !this.isWithin) this.commit();
      this.dropWhenIdle();
    } catch (error) {
      this.fail(false, errorMessage(error));
    }
  }

  private next(): ToWriter | undefined {
    return receiveMessageOnPort(this.port)?.message as ToWriter | undefined;
  }

  private takePart({ lines, isLast }: AppendPart): void {
    // What came before is not to be lost with an append that turns out to be illegal in its tenth part.
    if (!isLast && !this.isWithin) this.commit();
    if (!this.db.inTransaction) this.begin.run();
    const texts = lines === '' ? [] : lines.split('\n');
    const events: TaskEvent[] = [];
    try {
      this.fold.add(this.parse(texts, events));
    } catch (error) {
      this.refuse(errorMessage(error));
      return;
    }
    this.addEvents(events, texts);
    if (!isLast) {
      this.isWithin = true;
      this.write();
      return;
    }
    this.appends += 1;
    if (this.isWithin || this.added >= MAX_GROUP_EVENTS) this.commit();
  }

  /** @param events filled with every event; returned are those that change a task */
  private parse(texts: readonly string[], events: TaskEvent[]): readonly FoldedEvent[] {
    const folded: FoldedEvent[] = [];
    for (const text of texts) {
      const parsed = JSON.parse(text) as TaskEvent;
      const spec = parsed.type === 'task_submitted' ? JSON.stringify(parsed.spec) : undefined;
      const event = reviveEvent(parsed);
      events.push(event);
      if (event.type !== 'graph_submitted') folded.push({ event, spec });
    }
    return folded;
  }

  private addEvents(events: readonly TaskEvent[], texts: readonly string[]): void {
    for (const [at, event] of events.entries()) {
      if (this.added === 0) this.firstAdded = event.seq;
      this.added += 1;
      this.events.add(event, texts[at] as string);
      if (event.type !== 'graph_submitted' || event.receipt === undefined) continue;
      this.receipts.keep(event.graph_id, event.receipt, event.timestamp);
      this.receipts.drop(this.options.receipts);
    }
    if (events.length > 0) {
      this.events.drop(
        this.options.eventRetentionBytes,
        this.firstAdded,
        Math.max(DROP_BATCH, DROPS_PER_EVENT * events.length),
      );
    }
  }

  /** Everything that was added, in the open transaction. */
  private write(): void {
    this.fold.write();
    const { tables } = this.fold;
    this.row.tasks += tables.tasks;
    this.row.finished += tables.finished;
    tables.tasks = 0;
    tables.finished = 0;
  }

  private commit(): void {
    if (!this.db.inTransaction) return;
    this.write();
    this.store.write(this.row);
    this.end.run();
    this.say({ appends: this.appends, lastSeq: this.row.last_seq });
    this.appends = 0;
    this.added = 0;
    this.isWithin = false;
    this.log.afterCommit();
  }

  /** Nothing of the append that is under way stays; what came before it does. */
  private refuse(why: string): void {
    if (this.isWithin) this.db.exec('ROLLBACK');
    else this.commit();
    this.fail(true, why);
  }

  private fail(isRefusal: boolean, message: string): void {
    this.hasFailed = true;
    this.say({ failed: { isRefusal, message } });
    // SQLite has rolled back some of its failures itself.
    if (this.db.inTransaction) this.rollback();
  }

  private rollback(): void {
    try {
      this.db.exec('ROLLBACK');
    } catch (error) {
      // The transaction ends with its connection at the latest; the failure that counts was told.
      void error;
    }
  }

  /** Works off a history that is too long, a little at a time, while nobody appends. */
  private dropWhenIdle(): void {
    const isLong = this.row.event_bytes > this.options.eventRetentionBytes && this.row.first_seq < this.row.last_seq;
    if (!isLong || this.idleTimer !== undefined) return;
    const seqThen = this.row.last_seq;
    this.idleTimer = setTimeout(() => {
      this.idleTimer = undefined;
      if (this.hasFailed || this.isClosed) return;
      if (seqThen === this.row.last_seq && !this.db.inTransaction) this.dropBatch();
      this.dropWhenIdle();
    }, IDLE_MS);
  }

  private dropBatch(): void {
    try {
      this.begin.run();
      this.events.drop(this.options.eventRetentionBytes, this.row.last_seq, DROP_BATCH);
      this.commit();
    } catch (error) {
      this.fail(false, errorMessage(error));
    }
  }

  private say(message: FromWriter): void {
    this.port.postMessage(message);
  }
}
