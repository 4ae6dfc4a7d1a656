import { join } from 'node:path';
import { dataEnd } from './data-end.js';
import type { FileSystem } from './file-system.js';
import { readAll, writeAll } from './write-all.js';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Cuts what follows `offset` off a file, after keeping it beside under a name of its own. Both are durable when it resolves; a
 * crash on the way leaves the tail where it was.
 *
 * @returns the name of the quarantine file
 */
export async function cutTail(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  offset: number,
): Promise<string> {
  const names = new Set(await fileSystem.list(directory));
  const quarantine = freeName(names, `.quarantine-${name}-${offset}`);
  const file = await fileSystem.open(join(directory, name), 'update');
  try {
    const copy = await fileSystem.open(join(directory, quarantine), 'create');
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let at = offset, end = await dataEnd(file); at < end; ) {
        const bytes = await readAll(file, chunk.subarray(0, Math.min(CHUNK_BYTES, end - at)), at);
        if (bytes === 0) break;
        await writeAll(copy, chunk.subarray(0, bytes), at - offset);
        at += bytes;
      }
      await copy.sync();
    } finally {
      await copy.close();
    }
    await fileSystem.syncDirectory(directory);
    await file.truncate(offset);
    await file.sync();
    return quarantine;
  } finally {
    await file.close();
  }
}

/**
 * Writes the end of a file once more, as it is, and makes it durable. After a flush that failed the kernel may hold pages
 * that it takes for clean although the disk never got them; written again, they are dirty again (see "fsyncgate", 2018).
 */
export async function rewriteTail(fileSystem: FileSystem, path: string, from: number, until: number): Promise<void> {
  const file = await fileSystem.open(path, 'update');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = from; at < until; ) {
      const bytes = await readAll(file, chunk.subarray(0, Math.min(CHUNK_BYTES, until - at)), at);
      if (bytes === 0) break;
      await writeAll(file, chunk.subarray(0, bytes), at);
      at += bytes;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Ends a line that is whole but for its LF. */
export async function endLine(fileSystem: FileSystem, path: string, at: number): Promise<void> {
  const file = await fileSystem.open(path, 'update');
  try {
    await writeAll(file, Buffer.from('\n'), at);
    await file.sync();
  } finally {
    await file.close();
  }
}

function freeName(taken: ReadonlySet<string>, name: string): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}.${number}`;
  return free;
}
