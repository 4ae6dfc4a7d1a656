import { mkdir, opendir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent } from './file-errors.js';

/** Names the task store whose output lies here. */
const OWNER_FILE = 'store-id';
/** The uppermost folders of our layout; whatever else is there is left alone. */
const MILLIONS = /^\d{1,10}$/;

/** Makes the folder, open to its owner alone; one that holds output of another task store is emptied of it. */
export async function claimDirectory(directory: string, storeId: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, OWNER_FILE);
  if ((await ownerOf(path)) === storeId) return;
  for await (const entry of await opendir(directory)) {
    if (entry.isDirectory() && MILLIONS.test(entry.name)) await rm(join(directory, entry.name), { recursive: true });
  }
  await writeFile(`${path}.tmp`, `${storeId}\n`, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
