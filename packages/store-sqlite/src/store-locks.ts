import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DirectoryLock } from '@execgo/store-lock';
import { systemCode } from './store-errors.js';

/** The place of a store, taken: nobody else writes there until `release`. */
export interface TakenPlace {
  /** The database, without symbolic links. */
  readonly file: string;
  release(): Promise<void>;
}

/**
 * Makes the folders of a store where they are missing, and takes their locks: that of the database, and that of the data
 * directory where it is another one. So two stores exclude each other whatever they share.
 *
 * @throws ExecGoError `unavailable` naming the owner
 */
export async function takePlace(file: string, directory: string): Promise<TakenPlace> {
  for (const folder of [dirname(file), directory]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const real = await realFile(file);
  const folders = new Set([dirname(real), await realpath(directory)]);
  const locks: DirectoryLock[] = [];
  const release = async () => {
    for (const lock of locks.splice(0).reverse()) await lock.release();
  };
  try {
    for (const folder of folders) locks.push(await DirectoryLock.acquire(folder));
  } catch (error) {
    await release();
    throw error;
  }
  return { file: real, release };
}

/** Through a link to a database elsewhere it is locked where it lies. */
async function realFile(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return join(await realpath(dirname(file)), basename(file));
  }
}
