import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { errorMessage, isJsonObject } from '@execgo/core';
import { readText, temporaryName, writeTemporary } from './checked-file.js';
import { crc32, hex32 } from './crc32.js';
import type { FileSystem } from './file-system.js';
import { damaged } from './store-damage.js';

/** Says that the directory is a store, in which format, and what its name is. */
export const STORE_FILE = 'store.json';
const FORMAT = 1;

/** The store's name; undefined in a directory that is not a store yet. */
export async function readStoreId(fileSystem: FileSystem, directory: string): Promise<string | undefined> {
  if (!(await fileSystem.list(directory)).includes(STORE_FILE)) return undefined;
  const path = join(directory, STORE_FILE);
  const { format, store_id, crc32: checksum } = parse(path, await readText(fileSystem, directory, STORE_FILE));
  if (typeof format === 'number' && format > FORMAT) {
    throw damaged(path, `format ${format} was written by a later version of ExecGo; this one reads ${FORMAT}`);
  }
  if (format !== FORMAT || typeof store_id !== 'string' || checksum !== checksumOfId(store_id)) {
    throw damaged(path, 'not what a store writes');
  }
  return store_id;
}

/** Makes the directory a store, durably, as the last step of its creation. */
export async function writeStoreId(fileSystem: FileSystem, directory: string): Promise<string> {
  const storeId = randomBytes(8).toString('hex');
  const content = { format: FORMAT, store_id: storeId, crc32: checksumOfId(storeId) };
  await writeTemporary(fileSystem, directory, STORE_FILE, [`${JSON.stringify(content)}\n`]);
  await fileSystem.rename(join(directory, temporaryName(STORE_FILE)), join(directory, STORE_FILE));
  await fileSystem.syncDirectory(directory);
  return storeId;
}

function checksumOfId(storeId: string): string {
  return hex32(crc32(Buffer.from(storeId)));
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch (error) {
    throw damaged(path, errorMessage(error), undefined, error);
  }
}
