import { join } from 'node:path';
import {
  type CopyProgress,
  ExecGoError,
  errorMessage,
  isExecGoError,
  type KeptReceipt,
  type StoreContents,
} from '@execgo/core';
import { DirectoryLock } from '@execgo/store-lock';
import { checksumOf, lineBlocks, temporaryName, writeTemporary } from './checked-file.js';
import type { FileSystem } from './file-system.js';
import { FillJournal } from './fill-journal.js';
import type { FillOptions } from './options.js';
import { RECEIPTS_FILE, receiptTexts } from './receipts-file.js';
import { segmentSeq } from './segment.js';
import { STATE_FILE, stateTexts } from './state-file.js';
import { type Filling, readFilling, STORE_FILE, writeFilling, writeStoreId } from './store-file.js';

type OnProgress = (progress: CopyProgress) => void;

/**
 * Makes a store out of these contents. `store.json` says from first to last that the directory is being filled, which no
 * start accepts; everything else is written and flushed under its own name; and the rename of the real `store.json` makes it a
 * store. A crash before that leaves what the same contents go on from: a state file that has its name is whole, and so is
 * every file of the journal but the last.
 *
 * @throws ExecGoError `conflict`, `unavailable`; whatever the contents throw
 */
export async function fillStore(
  options: FillOptions,
  contents: StoreContents,
  onProgress: OnProgress = () => {},
): Promise<void> {
  const { fileSystem, directory } = options;
  let lock: DirectoryLock | undefined;
  try {
    await fileSystem.makeDirectory(directory);
    lock = await DirectoryLock.acquire(directory);
    await claim(options, contents);
    const stateCrc32 = await fillState(options, contents, onProgress);
    const journal = await FillJournal.open(options, contents);
    try {
      await journal.fill(contents, onProgress);
      const receiptsCrc32 = await fillReceipts(options, contents, onProgress);
      await journal.end({ seq: contents.lastSeq, crc32: stateCrc32, receipts_crc32: receiptsCrc32 });
    } finally {
      await journal.close();
    }
    await fileSystem.syncDirectory(directory);
    await writeStoreId(fileSystem, directory, contents.storeId);
  } catch (error) {
    throw isExecGoError(error) ? error : cannotFill(directory, error);
  } finally {
    await lock?.release();
  }
}

/** Writes what the directory is going to be, or finds that an earlier try has. */
async function claim({ fileSystem, directory }: FillOptions, contents: StoreContents): Promise<void> {
  const { storeId: store_id, firstSeq: first_seq, lastSeq: last_seq } = contents;
  const found = await readFilling(fileSystem, directory);
  if (found === undefined) {
    const taken = (await fileSystem.list(directory)).find(isOfStore);
    if (taken !== undefined) throw notEmpty(directory, `it holds ${taken}`);
  } else {
    if (found.store_id !== store_id) throw notEmpty(directory, otherCopy(found));
    if (found.first_seq === first_seq && found.last_seq === last_seq) return;
    await clear(fileSystem, directory);
  }
  await writeFilling(fileSystem, directory, { store_id, first_seq, last_seq });
}

/** What an earlier try has left that came from the same store at another event. The newest journal goes first, so that a crash leaves the beginning of it. */
async function clear(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = (await fileSystem.list(directory)).filter((name) => isOfStore(name) && name !== STORE_FILE);
  for (const name of [...names].sort().reverse()) await fileSystem.remove(join(directory, name));
  await fileSystem.syncDirectory(directory);
}

/** @returns CRC-32 of the state file */
async function fillState(options: FillOptions, contents: StoreContents, onProgress: OnProgress): Promise<string> {
  const { fileSystem, directory } = options;
  const before = await checksumOf(fileSystem, directory, STATE_FILE);
  if (before !== undefined) {
    onProgress({ part: 'tasks', done: await countTasks(fileSystem, directory) });
    return before.crc32;
  }
  const tasks = counted('tasks', contents.tasks(), onProgress);
  return writeWhole(options, STATE_FILE, stateTexts(tasks));
}

async function fillReceipts(options: FillOptions, contents: StoreContents, onProgress: OnProgress): Promise<string> {
  const receipts = entriesOf(counted('receipts', contents.receipts(), onProgress));
  return writeWhole(options, RECEIPTS_FILE, receiptTexts(receipts));
}

async function writeWhole(
  { fileSystem, directory }: FillOptions,
  name: string,
  texts: AsyncIterable<string>,
): Promise<string> {
  const { crc32 } = await writeTemporary(fileSystem, directory, name, texts);
  await fileSystem.rename(join(directory, temporaryName(name)), join(directory, name));
  await fileSystem.syncDirectory(directory);
  return crc32;
}

async function* counted<T>(
  part: CopyProgress['part'],
  batches: AsyncIterable<readonly T[]>,
  onProgress: OnProgress,
): AsyncGenerator<readonly T[]> {
  let done = 0;
  for await (const batch of batches) {
    yield batch;
    done += batch.length;
    onProgress({ part, done });
  }
}

async function* entriesOf(batches: AsyncIterable<readonly KeptReceipt[]>) {
  for await (const batch of batches) yield batch.map(({ key, receipt }) => [key, receipt] as const);
}

/** A state file has a line for each task, which begins with its id in quotes. */
async function countTasks(fileSystem: FileSystem, directory: string): Promise<number> {
  const file = await fileSystem.open(join(directory, STATE_FILE), 'read');
  try {
    let tasks = 0;
    for await (const block of lineBlocks(file)) {
      for (let at = block.indexOf('\n"'); at >= 0; at = block.indexOf('\n"', at + 1)) tasks += 1;
      if (block[0] === QUOTE) tasks += 1;
    }
    return tasks;
  } finally {
    await file.close();
  }
}

const QUOTE = 0x22;

/** The names that a store has files under. */
function isOfStore(name: string): boolean {
  return [STORE_FILE, STATE_FILE, RECEIPTS_FILE].includes(name) || segmentSeq(name) !== undefined;
}

function otherCopy({ store_id }: Filling): string {
  return `a copy of another store, ${store_id}, into it was begun and not finished`;
}

function notEmpty(directory: string, why: string): ExecGoError {
  return new ExecGoError('conflict', `${directory} is not empty: ${why}. Name a new directory, or move that one away`, {
    details: { file: directory },
  });
}

function cannotFill(directory: string, cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store in ${directory} cannot be written: ${errorMessage(cause)}`, {
    cause,
  });
}
