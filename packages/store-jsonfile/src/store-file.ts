import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ExecGoError, errorMessage, isJsonObject } from '@execgo/core';
import { readText, temporaryName, writeTemporary } from './checked-file.js';
import { crc32, hex32 } from './crc32.js';
import type { FileReader, FileSystem } from './file-system.js';
import { damaged } from './store-damage.js';

/** Says that the directory is a store, in which format, and what its name is. */
export const STORE_FILE = 'store.json';
const FORMAT = 1;

/** The contents that a directory is being filled with: equal ones have come from the same store at the same event. */
export interface Filling {
  readonly store_id: string;
  readonly first_seq: number;
  readonly last_seq: number;
}

/** The store's name; undefined in a directory that is not a store yet. */
export async function readStoreId(fileSystem: FileReader, directory: string): Promise<string | undefined> {
  if (!(await fileSystem.list(directory)).includes(STORE_FILE)) return undefined;
  const path = join(directory, STORE_FILE);
  const content = parse(path, await readText(fileSystem, directory, STORE_FILE));
  const { format, store_id, crc32: checksum } = content;
  if (isFilling(content)) throw unfinished(directory, content.filling);
  if (typeof format === 'number' && format > FORMAT) {
    throw damaged(path, `format ${format} was written by a later version of ExecGo; this one reads ${FORMAT}`);
  }
  if (format !== FORMAT || typeof store_id !== 'string' || checksum !== checksumOfId(store_id)) {
    throw damaged(path, 'not what a store writes');
  }
  return store_id;
}

/** What the directory is being filled with; undefined where nobody has begun to. */
export async function readFilling(fileSystem: FileReader, directory: string): Promise<Filling | undefined> {
  if (!(await fileSystem.list(directory)).includes(STORE_FILE)) return undefined;
  const content = parse(join(directory, STORE_FILE), await readText(fileSystem, directory, STORE_FILE));
  return isFilling(content) ? content.filling : undefined;
}

/** Makes the directory a store, durably, as the last step of its creation. */
export async function writeStoreId(
  fileSystem: FileSystem,
  directory: string,
  storeId: string = randomBytes(8).toString('hex'),
): Promise<string> {
  await write(fileSystem, directory, { format: FORMAT, store_id: storeId, crc32: checksumOfId(storeId) });
  return storeId;
}

/** Says, durably, that the directory is going to be a store and is none yet: no version of this package opens it. */
export async function writeFilling(fileSystem: FileSystem, directory: string, filling: Filling): Promise<void> {
  await write(fileSystem, directory, { format: FORMAT, filling });
}

async function write(fileSystem: FileSystem, directory: string, content: object): Promise<void> {
  await writeTemporary(fileSystem, directory, STORE_FILE, [`${JSON.stringify(content)}\n`]);
  await fileSystem.rename(join(directory, temporaryName(STORE_FILE)), join(directory, STORE_FILE));
  await fileSystem.syncDirectory(directory);
}

function isFilling(content: Record<string, unknown>): content is { filling: Filling } {
  const { filling } = content;
  return isJsonObject(filling) && typeof filling.store_id === 'string';
}

function unfinished(directory: string, { store_id }: Filling): ExecGoError {
  return new ExecGoError(
    'unavailable',
    `${directory} is no store yet: a copy of store ${store_id} into it was begun and not finished. Run the same command again to finish it, or remove the directory`,
    { details: { file: join(directory, STORE_FILE), what: 'a copy into this directory was begun and not finished' } },
  );
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
