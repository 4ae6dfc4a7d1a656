import { constants } from 'node:fs';
import { open, opendir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputKey, OutputStream, StoredOutput, StreamSize } from '@execgo/core';
import { isAbsent } from './file-errors.js';
import { endFile, streamFile, taskOfFolder } from './layout.js';

const BATCH = 256;
const READ_FILE = constants.O_RDONLY | constants.O_NOFOLLOW;

/** What lies on disk of an attempt that is not being written. */
export async function sizeOnDisk(directory: string, key: OutputKey): Promise<StoredOutput | undefined> {
  const end = await readEnd(endFile(directory, key));
  const stdout = await bytesIn(streamFile(directory, key, 'stdout'));
  const stderr = await bytesIn(streamFile(directory, key, 'stderr'));
  if (end !== undefined)
    return { stdout: among(end.stdout, stdout), stderr: among(end.stderr, stderr), finished: true };
  if (stdout === undefined && stderr === undefined) return undefined;
  return { stdout: sameSize(stdout), stderr: sameSize(stderr), finished: false };
}

/** @param limit bytes of the stream that count */
export async function readRange(
  directory: string,
  key: OutputKey,
  stream: OutputStream,
  range: { readonly start: number; readonly end: number; readonly limit: number },
): Promise<Uint8Array> {
  const { start, limit } = range;
  const file = await open(streamFile(directory, key, stream), READ_FILE).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (file === undefined) return new Uint8Array(0);
  try {
    const end = Math.min(range.end, limit, (await file.stat()).size);
    const bytes = new Uint8Array(Math.max(0, end - start));
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, start + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await file.close();
  }
}

/** The tasks that have a folder, a batch at a time; memory for one batch. */
export async function* tasksOnDisk(directory: string): AsyncGenerator<readonly number[]> {
  let batch: number[] = [];
  for await (const millions of namesIn(directory)) {
    for await (const thousands of namesIn(join(directory, millions))) {
      for await (const name of namesIn(join(directory, millions, thousands))) {
        const seq = taskOfFolder(name);
        if (seq === undefined) continue;
        batch.push(seq);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

async function* namesIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder)) if (entry.isDirectory()) yield entry.name;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function readEnd(path: string): Promise<Pick<StoredOutput, OutputStream> | undefined> {
  try {
    const { stdout, stderr } = JSON.parse(await readFile(path, 'utf8'));
    return isSize(stdout) && isSize(stderr) ? { stdout, stderr } : undefined;
  } catch (error) {
    // Cut short by a crash: then it does not say that the output is complete.
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSize(value: unknown): value is StreamSize {
  const { bytes, kept } = (value ?? {}) as Partial<Record<keyof StreamSize, unknown>>;
  return Number.isSafeInteger(bytes) && Number.isSafeInteger(kept);
}

async function bytesIn(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** A power cut may have taken the last bytes of a file whose end was told. */
function among({ bytes, kept }: StreamSize, onDisk = 0): StreamSize {
  return { bytes, kept: Math.min(kept, onDisk) };
}

function sameSize(bytes = 0): StreamSize {
  return { bytes, kept: bytes };
}
