import { ExecGoError } from '@execgo/core';
import type { DataFile, ReadableFile } from './file-system.js';

/** Writes every byte: a write may take fewer than it is given (a full disk, a signal) without an error. */
export function writeAllSync(file: DataFile, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    done += took(file, file.writeSync(done === 0 ? bytes : bytes.subarray(done), position + done));
  }
}

/** As `writeAllSync`, off the event loop. */
export async function writeAll(file: DataFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += took(file, await file.write(done === 0 ? bytes : bytes.subarray(done), position + done));
  }
}

/** Fills the buffer from a position; returns what there was, which is less only at the end of the file. */
export async function readAll(file: ReadableFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const bytes = await file.read(into.subarray(done), position + done);
    if (bytes === 0) break;
    done += bytes;
  }
  return done;
}

function took(file: DataFile, bytes: number): number {
  if (bytes <= 0) throw new ExecGoError('unavailable', `${file.path} takes no more bytes`);
  return bytes;
}
