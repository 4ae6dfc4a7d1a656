import { join } from 'node:path';
import { crc32, hex32 } from './crc32.js';
import type { FileReader, FileSystem, ReadableFile } from './file-system.js';
import { readAll, writeAll } from './write-all.js';

const CHUNK_BYTES = 1024 * 1024;
const TEMPORARY = '.tmp';

/** What a file holds, told by a checksum over all of it. */
export interface Checksum {
  /** CRC-32, eight hex digits. */
  readonly crc32: string;
  readonly bytes: number;
}

export function temporaryName(name: string): string {
  return name + TEMPORARY;
}

/**
 * Writes a whole file under its temporary name, a text at a time, and makes its content durable. It takes its own name by a
 * rename, later. What a failed attempt left is replaced.
 */
export async function writeTemporary(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  texts: AsyncIterable<string> | Iterable<string>,
): Promise<Checksum> {
  const path = join(directory, temporaryName(name));
  if ((await fileSystem.list(directory)).includes(temporaryName(name))) await fileSystem.remove(path);
  const file = await fileSystem.open(path, 'create');
  try {
    let bytes = 0;
    let crc = 0;
    for await (const text of texts) {
      const chunk = Buffer.from(text);
      await writeAll(file, chunk, bytes);
      crc = crc32(chunk, crc);
      bytes += chunk.length;
    }
    await file.sync();
    return { crc32: hex32(crc), bytes };
  } finally {
    await file.close();
  }
}

/** The whole lines of a file, LF included, in blocks of about a megabyte. */
export async function* lineBlocks(file: ReadableFile): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks(file)) {
    const end = chunk.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    yield Buffer.concat([rest, chunk.subarray(0, end)]);
    rest = chunk.subarray(end);
  }
  if (rest.length > 0) yield rest;
}

/** Checksum of a file as it is; undefined where it is missing. */
export async function checksumOf(
  fileSystem: FileReader,
  directory: string,
  name: string,
): Promise<Checksum | undefined> {
  if (!(await fileSystem.list(directory)).includes(name)) return undefined;
  const file = await fileSystem.open(join(directory, name), 'read');
  try {
    let crc = 0;
    let bytes = 0;
    for await (const chunk of chunks(file)) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
    }
    return { crc32: hex32(crc), bytes };
  } finally {
    await file.close();
  }
}

async function* chunks(file: ReadableFile): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const bytes = await readAll(file, chunk, at);
    if (bytes > 0) yield chunk.subarray(0, bytes);
    if (bytes < CHUNK_BYTES) return;
    at += bytes;
  }
}

/** A whole file as text. */
export async function readText(fileSystem: FileReader, directory: string, name: string): Promise<string> {
  const file = await fileSystem.open(join(directory, name), 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    return bytes.toString('utf8', 0, await readAll(file, bytes, 0));
  } finally {
    await file.close();
  }
}
