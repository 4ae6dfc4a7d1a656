import { randomUUID } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { EventEncoder, ExecGoError, reviveEvent, runSliced, TaskTable } from '@execgo/core';
import { DirectoryLock } from '@execgo/store-lock';

/**
 * @typedef {import('@execgo/core').TaskEvent} TaskEvent
 * @typedef {import('@execgo/core').TaskStore} TaskStore
 * @typedef {import('node:fs/promises').FileHandle} FileHandle
 * @typedef {object} Life What an open store consists of.
 * @property {DirectoryLock} lock
 * @property {FileHandle} file
 * @property {TaskTable} table
 * @property {number} lastSeq Of the newest event that is durable and visible.
 * @property {number} bytes Of the file, as far as they are durable.
 * @property {ExecGoError} [failure] Why nothing is written any more.
 */

const FILE = 'events.ndjson';
const CHUNK_BYTES = 1024 * 1024;

/**
 * What `--store` asks for. The server opens and closes the store.
 * @param {{ dataDir: string, durability?: 'always' | 'none', receipts?: import('@execgo/core').ReceiptRetention }} settings
 */
export function createStore({ dataDir, durability = 'always', receipts }) {
  return new NdjsonStore(dataDir, durability, receipts);
}

/**
 * One file: its first line names the store, every further one is an append, an array of events. Tasks are in memory, folded
 * from the file at open. A line counts once it ends in LF, so an append is there whole or not at all.
 *
 * @implements {TaskStore}
 */
class NdjsonStore {
  /** @type {Life | undefined} */
  #life;
  /** @type {ExecGoError | undefined} why nothing more is taken; what was taken before goes its way */
  #refusal;
  #opening = false;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** Of the newest event that was handed in. */
  #queuedSeq = 0;
  /** @type {Promise<unknown>} the appends under way, one after another; never rejects */
  #tail = Promise.resolve();
  #encoder = new EventEncoder();

  /**
   * @param {string} directory
   * @param {'always' | 'none'} durability
   * @param {import('@execgo/core').ReceiptRetention | undefined} receipts
   */
  constructor(directory, durability, receipts) {
    this.path = join(directory, FILE);
    this.directory = directory;
    this.durability = durability;
    this.receipts = receipts;
  }

  async open() {
    if (this.#opening || this.#life !== undefined) throw unavailable('this store is open already');
    this.#opening = true;
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      const lock = await DirectoryLock.acquire(this.directory);
      try {
        return await this.#load(lock);
      } catch (error) {
        await lock.release();
        throw error;
      }
    } finally {
      this.#opening = false;
    }
  }

  /** @param {DirectoryLock} lock */
  async #load(lock) {
    // For reading and appending; made where there is none.
    const file = await open(this.path, 'a+', 0o600);
    try {
      const table = new TaskTable(this.receipts);
      let [storeId, lastSeq, bytes] = ['', 0, 0];
      for await (const line of linesOf(file, Number.POSITIVE_INFINITY)) {
        try {
          const value = JSON.parse(line.text);
          if (bytes === 0) {
            if (typeof value.store_id !== 'string') throw new ExecGoError('internal', 'no store begins like this');
            storeId = value.store_id;
          } else {
            const events = value.map(reviveEvent);
            if (events[0].seq !== lastSeq + 1) throw new ExecGoError('internal', `seq ${lastSeq + 1} is missing`);
            table.commit(runSliced(table.stage(events)));
            lastSeq += events.length;
          }
        } catch (cause) {
          throw new ExecGoError('internal', `${this.path} is damaged at byte ${bytes}: ${cause}`, { cause });
        }
        bytes = line.end;
      }
      // What comes after the last LF was never acknowledged: an append that a crash cut short.
      await file.truncate(bytes);
      if (bytes === 0) {
        storeId = randomUUID();
        bytes = await write(file, `${JSON.stringify({ store_id: storeId })}\n`);
      }
      await file.sync();
      await syncDirectory(this.directory);
      // Sorts once, before anybody waits.
      table.finished({ limit: 0 });
      this.#life = { lock, file, table, lastSeq, bytes };
      this.#refusal = undefined;
      this.#queuedSeq = lastSeq;
      return { storeId, firstSeq: 1, lastSeq };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @param {readonly TaskEvent[]} events */
  append(events) {
    const life = this.#life;
    if (life === undefined || this.#closing !== undefined) return Promise.reject(unavailable('the store is not open'));
    if (events.some(({ seq }, at) => seq !== this.#queuedSeq + 1 + at)) {
      this.#refusal ??= unavailable(`refused: the events do not follow seq ${this.#queuedSeq}`);
    }
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    this.#queuedSeq += events.length;
    const done = this.#tail.then(() => this.#commit(life, events));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /**
   * Folds, writes, flushes, shows, in this order: what is illegal is never written, and what is not durable is never seen.
   * @param {Life} life
   * @param {readonly TaskEvent[]} events
   */
  async #commit(life, events) {
    if (life.failure !== undefined) throw life.failure;
    if (events.length === 0) return;
    try {
      const staged = runSliced(life.table.stage(events));
      const written = await write(life.file, `[${events.map((event) => this.#encoder.encode(event)).join()}]\n`);
      if (this.durability === 'always') await life.file.datasync();
      life.table.commit(staged);
      life.lastSeq += events.length;
      life.bytes += written;
    } catch (cause) {
      // Never tried again: after a failed flush nobody knows what is on the disk. The next open reads it.
      life.failure = unavailable(`the store is read-only, an append to ${this.path} failed: ${cause}`, cause);
      this.#refusal ??= life.failure;
      throw life.failure;
    }
  }

  /** @param {readonly string[]} ids */
  async getMany(ids) {
    const { table } = this.#opened();
    return ids.map((id) => table.get(id));
  }

  /** @param {import('@execgo/core').TaskQuery} query */
  async list(query) {
    return this.#opened().table.list(query);
  }

  async *unfinished() {
    yield* this.#opened().table.unfinished();
  }

  /** @param {import('@execgo/core').FinishedQuery} query */
  async finished(query) {
    return this.#opened().table.finished(query);
  }

  /** @param {string} key */
  async receipt(key) {
    return this.#opened().table.receipt(key);
  }

  /** @param {import('@execgo/core').EventQuery} query */
  events(query) {
    // Where history ends is decided now, however late it is read.
    return this.#read(query, this.#opened().bytes);
  }

  /**
   * @param {import('@execgo/core').EventQuery} query
   * @param {number} end
   * @returns {AsyncGenerator<TaskEvent, void>}
   */
  async *#read({ after = 0, task_id, graph_id, limit = Number.POSITIVE_INFINITY }, end) {
    const file = await open(this.path, 'r');
    try {
      let left = limit;
      for await (const { text, start } of linesOf(file, end)) {
        if (start === 0) continue;
        for (const event of JSON.parse(text).map(reviveEvent)) {
          if (left <= 0) return;
          if (event.seq <= after) continue;
          if (task_id !== undefined && event.task_id !== task_id) continue;
          if (graph_id !== undefined && event.graph_id !== graph_id) continue;
          left -= 1;
          yield event;
        }
      }
    } finally {
      await file.close();
    }
  }

  async close() {
    if (this.#life === undefined) return;
    this.#closing ??= this.#end(this.#life).finally(() => {
      this.#life = undefined;
      this.#closing = undefined;
    });
    await this.#closing;
  }

  /** @param {Life} life */
  async #end({ file, lock }) {
    await this.#tail;
    try {
      await file.close();
    } finally {
      await lock.release();
    }
  }

  #opened() {
    if (this.#life === undefined) throw unavailable('the store is not open');
    return this.#life;
  }
}

/**
 * The lines of a file that end in LF, as far as `limit`, and where each stands.
 * @param {FileHandle} file
 * @param {number} limit
 */
async function* linesOf(file, limit) {
  /** @type {Buffer[]} of the line that is not complete yet */
  let parts = [];
  let start = 0;
  for (let at = 0; at < limit; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limit - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    let from = 0;
    for (let lf = chunk.indexOf(10); lf >= 0 && lf < bytesRead; lf = chunk.indexOf(10, from)) {
      const end = at + lf + 1;
      yield { text: Buffer.concat([...parts, chunk.subarray(from, lf)]).toString('utf8'), start, end };
      parts = [];
      start = end;
      from = lf + 1;
    }
    parts.push(chunk.subarray(from, bytesRead));
    at += bytesRead;
  }
}

/**
 * Appends all of a text. @returns how many bytes that were
 * @param {FileHandle} file
 * @param {string} text
 */
async function write(file, text) {
  const bytes = Buffer.from(text);
  await file.appendFile(bytes);
  return bytes.length;
}

/**
 * Makes the name of a new file durable, too.
 * @param {string} path
 */
async function syncDirectory(path) {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function unavailable(message, cause) {
  return new ExecGoError('unavailable', message, { cause });
}
