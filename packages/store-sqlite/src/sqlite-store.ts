import { MessageChannel } from 'node:worker_threads';
import {
  type EventQuery,
  ExecGoError,
  errorMessage,
  type FinishedPage,
  type FinishedQuery,
  isExecGoError,
  type OpenedStore,
  type Receipt,
  reviveEvent,
  type Task,
  type TaskEvent,
  type TaskPage,
  type TaskQuery,
  type TaskStore,
} from '@execgo/core';
import { AppendQueue } from './append-queue.js';
import { DatabaseThread } from './database-thread.js';
import { type ResolvedOptions, resolveOptions, type SqliteStoreOptions } from './options.js';
import type { Page } from './page.js';
import { linesOf, readLines } from './read-page.js';
import type { Answer, EventPage, EventPageQuery, ReaderOptions, TaskBatch, TaskListPage } from './reader.js';
import { notOpen } from './store-errors.js';
import { type TakenPlace, takePlace } from './store-locks.js';
import { taskOfLine } from './task-line.js';
import type { OpenedForWriting, WriterOptions } from './writer.js';

/** What an open store consists of. */
interface Life {
  readonly place: TakenPlace;
  readonly writer: DatabaseThread;
  readonly reader: DatabaseThread;
  readonly queue: AppendQueue;
}

/**
 * Tasks and their events in a SQLite database: the store for histories that are larger than memory. What it holds in memory does
 * not grow with them.
 *
 * SQLite runs in threads, one that writes and one that reads, so the event loop never waits for the disk. An append resolves
 * when its transaction is committed (`durability: always`: flushed) and visible. What is appended meanwhile shares the next
 * transaction. When the database cannot be written, the store is read-only until it is closed and opened again: appends reject
 * with `unavailable`, reads go on and show what was durable.
 *
 * closed → open → closed; `open` may be called again after `close`, and finds what a new process would find.
 */
export class SqliteStore implements TaskStore {
  private readonly options: ResolvedOptions;
  private life: Life | undefined;
  private opening = false;
  private closing: Promise<void> | undefined;

  /** @throws ConfigError for an option that cannot be used */
  constructor(options: SqliteStoreOptions) {
    this.options = resolveOptions(options);
  }

  /**
   * As the port says. Also: `internal` where the file is no database or a damaged one, and `unavailable` where it is one of
   * another program or of a later version, each naming it; in those cases nothing was changed. `unavailable` with what to install
   * where better-sqlite3 is missing.
   */
  async open(): Promise<OpenedStore> {
    if (this.opening || this.life !== undefined) throw new ExecGoError('unavailable', 'this store is open already');
    this.opening = true;
    try {
      const place = await takePlace(this.options.file, this.options.directory);
      return await this.openTaken(place).catch(async (error: unknown) => {
        await place.release();
        throw error;
      });
    } catch (error) {
      throw isExecGoError(error) ? error : cannotOpen(this.options.file, error);
    } finally {
      this.opening = false;
    }
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.life === undefined || this.closing !== undefined) return Promise.reject(notOpen());
    return this.life.queue.append(events);
  }

  async getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const page = await this.read<Page>('getMany', JSON.stringify(ids));
    const tasks = new Array<Task | undefined>(ids.length).fill(undefined);
    for await (const lines of linesOf(page)) {
      for (const line of lines) {
        const space = line.indexOf(' ');
        tasks[Number(line.slice(0, space))] = taskOfLine(line.slice(space + 1));
      }
    }
    return tasks;
  }

  async list(query: TaskQuery): Promise<TaskPage> {
    const page = await this.read<TaskListPage>('list', query);
    const tasks = await readLines(page, taskOfLine);
    return page.next === undefined ? { tasks } : { tasks, next: page.next };
  }

  /** Read a page at a time; events that are dropped while somebody reads them late are `gone` for that reader. */
  events(query: EventQuery): AsyncIterable<TaskEvent> {
    return this.keptEvents(query, this.opened().queue.lastSeq);
  }

  async *unfinished(): AsyncIterable<readonly Task[]> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const batch: TaskBatch = await this.read('unfinished', after);
      if (batch.count > 0) yield await readLines(batch, taskOfLine);
      after = batch.last;
    }
  }

  async finished(query: FinishedQuery): Promise<FinishedPage> {
    return (await this.read<Answer<FinishedPage>>('finished', query)).value;
  }

  async receipt(key: string): Promise<Receipt | undefined> {
    return (await this.read<Answer<Receipt | undefined>>('receipt', JSON.stringify(key))).value;
  }

  /** As the port says. What was appended and not awaited is committed first, and the log is worked into the database. */
  async close(): Promise<void> {
    if (this.life === undefined) return;
    this.closing ??= this.closeLife(this.life).finally(() => {
      this.life = undefined;
      this.closing = undefined;
    });
    await this.closing;
  }

  private opened(): Life {
    if (this.life === undefined) throw notOpen();
    return this.life;
  }

  private async read<T extends { readonly lastSeq: number }>(method: string, argument: unknown): Promise<T> {
    const { reader, queue } = this.opened();
    const answer = await reader.call<T>(method, argument);
    await queue.shown(answer.lastSeq);
    return answer;
  }

  private async *keptEvents(query: EventQuery, until: number): AsyncGenerator<TaskEvent> {
    const { task_id, graph_id, limit = Number.POSITIVE_INFINITY } = query;
    let after = query.after ?? 0;
    let isComplete = query.after !== undefined;
    for (let given = 0; given < limit && (after < until || isComplete); isComplete = true) {
      const page: EventPage = await this.read('events', {
        after,
        until,
        isComplete,
        limit: Math.min(limit - given, Number.MAX_SAFE_INTEGER),
        ...(task_id !== undefined && { task_id }),
        ...(graph_id !== undefined && { graph_id }),
      } satisfies EventPageQuery);
      for await (const lines of linesOf(page)) {
        for (const line of lines) {
          given += 1;
          yield reviveEvent(JSON.parse(line));
        }
      }
      after = page.doneSeq;
      if (after >= until) return;
    }
  }

  private async openTaken(place: TakenPlace): Promise<OpenedStore> {
    const { onWarning } = this.options;
    const onEnd = (error: ExecGoError) => this.life?.queue.fail(error);
    const threads: DatabaseThread[] = [];
    try {
      const writer = new DatabaseThread({ onWarning, onEnd });
      threads.push(writer);
      const reader = new DatabaseThread({ onWarning });
      threads.push(reader);
      const { port1, port2 } = new MessageChannel();
      const { durability, eventRetentionBytes, receipts, busyTimeoutMs, checkpointBytes, integrityCheckBytes } =
        this.options;
      const { file } = place;
      const forWriter: WriterOptions = {
        file,
        durability,
        eventRetentionBytes,
        receipts,
        busyTimeoutMs,
        checkpointBytes,
        integrityCheckBytes,
      };
      const opened = await writer.call<OpenedForWriting>('openWriter', { ...forWriter, port: port2 }, [port2]);
      await reader.call('openReader', { file, receipts, busyTimeoutMs } satisfies ReaderOptions);
      const queue = new AppendQueue({
        port: port1,
        lastSeq: opened.lastSeq,
        onBusy: () => writer.hold(),
        onIdle: () => writer.release(),
      });
      this.life = { place, writer, reader, queue };
      if (opened.imported > 0) {
        onWarning(
          `${opened.imported} tasks of the Go original were taken over from a table in ${file}, which stays as it is`,
        );
      }
      const { storeId, firstSeq, lastSeq } = opened;
      return { storeId, firstSeq, lastSeq };
    } catch (error) {
      for (const thread of threads) await thread.stop();
      throw error;
    }
  }

  private async closeLife({ place, writer, reader, queue }: Life): Promise<void> {
    const { onWarning } = this.options;
    const warn = (what: string) => (error: unknown) => onWarning(`${what} of ${place.file}: ${errorMessage(error)}`);
    try {
      await queue.idle();
      // A read-only connection that closes last cannot touch the log: after a failed write that is as it must be.
      if (queue.error === undefined) await reader.close().catch(warn('closing a reader'));
      await writer.close().catch(warn('the last checkpoint'));
      if (queue.error !== undefined) await reader.close().catch(warn('closing a reader'));
    } finally {
      await place.release();
    }
  }
}

/** Makes a store over a database; it does nothing before `open`. @throws ConfigError for an option that cannot be used */
export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  return new SqliteStore(options);
}

function cannotOpen(file: string, cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store in ${file} cannot be opened: ${errorMessage(cause)}`, { cause });
}
