import {
  type EventQuery,
  ExecGoError,
  errorMessage,
  type FinishedPage,
  type FinishedQuery,
  isExecGoError,
  type OpenedStore,
  type Receipt,
  type Task,
  type TaskEvent,
  type TaskPage,
  type TaskQuery,
  type TaskStore,
  type TaskTable,
} from '@execgo/core';
import { DirectoryLock } from '@execgo/store-lock';
import { CommitQueue } from './commit-queue.js';
import { readEvents } from './event-reader.js';
import type { Journal } from './journal.js';
import { namesFlushedOnce } from './names-flushed-once.js';
import { type JsonFileStoreOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { type Recovered, recover } from './recover.js';
import { Snapshots } from './snapshots.js';
import { notOpen } from './store-errors.js';
import { writeStoreId } from './store-file.js';

/** What an open store consists of. */
interface Life {
  readonly lock: DirectoryLock;
  readonly table: TaskTable;
  readonly journal: Journal;
  readonly queue: CommitQueue;
  readonly snapshots: Snapshots;
}

/**
 * The default store: tasks in memory, every append in a journal, and now and then the whole state as one JSON file.
 *
 * An append resolves when its events are on disk (`durability: always`) and visible, which is the same moment for all of
 * them. What is appended while the disk is busy shares the next flush. When the disk fails, the store is read-only until it is
 * closed and opened again: appends reject with `unavailable`, reads go on and show what was durable.
 *
 * closed → open → closed; `open` may be called again after `close`, and finds what a new process would find.
 */
export class JsonFileStore implements TaskStore {
  private readonly options: ResolvedOptions;
  private life: Life | undefined;
  private opening = false;
  private closing: Promise<void> | undefined;

  /** @throws ConfigError for an option that cannot be used */
  constructor(options: JsonFileStoreOptions) {
    this.options = resolveOptions(options);
  }

  /**
   * As the port says. Also: `internal` where a file cannot be read or is not what was written, naming file and offset; in
   * that case nothing on disk was changed.
   */
  async open(): Promise<OpenedStore> {
    if (this.opening || this.life !== undefined) throw new ExecGoError('unavailable', 'this store is open already');
    this.opening = true;
    try {
      await this.options.fileSystem.makeDirectory(this.options.directory);
      const lock = await DirectoryLock.acquire(this.options.directory);
      return await this.openLocked(lock).catch(async (error: unknown) => {
        await lock.release();
        throw error;
      });
    } catch (error) {
      throw isExecGoError(error) ? error : cannotOpen(this.options.directory, error);
    } finally {
      this.opening = false;
    }
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.life === undefined || this.closing !== undefined) return Promise.reject(notOpen());
    return this.life.queue.append(events);
  }

  async getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const { table } = this.opened();
    return ids.map((id) => table.get(id));
  }

  async list(query: TaskQuery): Promise<TaskPage> {
    return this.opened().table.list(query);
  }

  /** Read from disk, about a megabyte at a time. @throws ExecGoError also `internal`, naming the place, where the journal cannot be read */
  events(query: EventQuery): AsyncIterable<TaskEvent> {
    const { journal, queue } = this.opened();
    const { fileSystem, directory } = this.options;
    return readEvents({ fileSystem, directory, journal }, query, queue.lastSeq);
  }

  async *unfinished(): AsyncIterable<readonly Task[]> {
    yield* this.opened().table.unfinished();
  }

  async finished(query: FinishedQuery): Promise<FinishedPage> {
    return this.opened().table.finished(query);
  }

  async receipt(key: string): Promise<Receipt | undefined> {
    return this.opened().table.receipt(key);
  }

  /** As the port says. What was appended and not awaited is flushed first; a snapshot that fails is a warning, since the journal holds all of it. */
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

  private async openLocked(lock: DirectoryLock): Promise<OpenedStore> {
    const options = { ...this.options, fileSystem: namesFlushedOnce(this.options.fileSystem) };
    const found = await recover(options);
    const life = this.bringToLife(lock, found, options);
    const { journal, queue, snapshots } = life;
    try {
      // A base begins a segment of its own: history before it and after it do not join.
      const begins = found.lastSeq + 1;
      const isNewSegment = journal.segments.length === 0 || (found.imported && journal.active.firstSeq !== begins);
      if (isNewSegment) await journal.begin(begins);
      else await journal.resume();
      if (found.imported) await snapshots.write(true);
      await journal.dropBefore(found.imported ? found.lastSeq : found.baseSeq);
      const storeId = found.storeId ?? (await writeStoreId(options.fileSystem, options.directory));
      // Now, because it sorts: later it would stop the event loop.
      life.table.finished({ limit: 0 });
      this.life = life;
      return { storeId, firstSeq: journal.segments[0]?.firstSeq ?? begins, lastSeq: queue.lastSeq };
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  private bringToLife(lock: DirectoryLock, found: Recovered, options: ResolvedOptions): Life {
    const { table, journal, lastSeq } = found;
    const queue = new CommitQueue({
      journal,
      table,
      lastSeq,
      flushes: options.durability === 'always',
      segmentBytes: options.segmentBytes,
      onCommit: () => snapshots.afterCommit(),
    });
    const snapshots = new Snapshots(options, table, journal, queue, found.snapshot);
    return { lock, table, journal, queue, snapshots };
  }

  private async closeLife(life: Life): Promise<void> {
    const { lock, journal, queue, snapshots } = life;
    try {
      await queue.idle();
      await snapshots.idle();
      if (queue.error === undefined) await snapshots.finish();
    } catch (error) {
      this.options.onWarning(
        `the last snapshot failed, the next start replays the journal instead: ${errorMessage(error)}`,
      );
    } finally {
      await queue.idle();
      await journal
        .close(queue.error === undefined)
        .catch((error) => this.options.onWarning(`closing the journal: ${errorMessage(error)}`));
      await lock.release();
    }
  }
}

/** Makes a store over a directory; it does nothing before `open`. @throws ConfigError for an option that cannot be used */
export function createJsonFileStore(options: JsonFileStoreOptions): JsonFileStore {
  return new JsonFileStore(options);
}

function cannotOpen(directory: string, cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store in ${directory} cannot be opened: ${errorMessage(cause)}`, {
    cause,
  });
}
