import type { ReadableFile } from './file-system.js';
import { readAll } from './write-all.js';

const CHUNK_BYTES = 64 * 1024;

/** Where a segment ends but for the zeros that were reserved behind its last line. No line has one: JSON writes it as \u0000. */
export async function dataEnd(file: ReadableFile): Promise<number> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let end = await file.size();
  while (end > 0) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const bytes = chunk.subarray(0, await readAll(file, chunk.subarray(0, end - from), from));
    const last = bytes.findLastIndex((byte) => byte !== 0);
    if (last >= 0) return from + last + 1;
    end = from;
  }
  return 0;
}
