import { mkdir, opendir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecGoError } from '@execgo/core';
import { isAbsent } from './file-errors.js';

/** Names the task store whose output lies here. */
const OWNER_FILE = 'store-id';
/** The uppermost folders of our layout; whatever else is there is left alone. */
const MILLIONS = /^\d{1,10}$/;

/**
 * Makes the folder, open to its owner alone; one that holds output of another task store is emptied of it.
 * @throws ExecGoError `unavailable` where nothing tells that what would be removed is output
 */
export async function claimDirectory(directory: string, storeId: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, OWNER_FILE);
  const owner = await ownerOf(path);
  if (owner === storeId) return;
  for await (const entry of await opendir(directory)) {
    if (!entry.isDirectory() || !MILLIONS.test(entry.name)) continue;
    // It is written before any output: without it, the folder is somebody else's.
    if (owner === undefined) throw notOurs(join(directory, entry.name));
    await rm(join(directory, entry.name), { recursive: true });
  }
  await writeFile(`${path}.tmp`, `${storeId}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

function notOurs(folder: string): ExecGoError {
  const why = `it holds ${folder}, but no file ${OWNER_FILE} that says whose output that is`;
  return new ExecGoError('unavailable', `${why}; name an empty folder, or move away what is there`);
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
