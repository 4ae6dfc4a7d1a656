import { lineEnd } from './archive-line.js';

const CHUNK_BYTES = 256 * 1024;
/** Far longer than any line that is written: what goes on beyond it is no archive, and is not taken into memory. */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** What lines are read from: a `FileHandle`, or what reads as one. */
export interface ByteSource {
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** A line without its LF, and where it stands. */
export interface PlacedLine {
  readonly offset: number;
  readonly bytes: Buffer;
  /** False for the last one of a file that does not end in a LF, and for one that is longer than any can be. */
  readonly terminated: boolean;
}

/** The lines of a file from a place on, read as they are asked for. */
export async function* readLines(file: ByteSource, from: number): AsyncGenerator<PlacedLine> {
  let offset = from;
  /** What of the line was read before. */
  let parts: Buffer[] = [];
  for (let at = from; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    let begin = 0;
    const read = chunk.subarray(0, bytesRead);
    for (let end = lineEnd(read, begin); end >= 0; end = lineEnd(read, begin)) {
      const bytes = whole(parts, read.subarray(begin, end));
      parts = [];
      yield { offset, bytes, terminated: true };
      offset += bytes.length + 1;
      begin = end + 1;
    }
    if (begin < bytesRead) parts.push(read.subarray(begin));
    if (at - offset > MAX_LINE_BYTES) break;
  }
  if (parts.length > 0) yield { offset, bytes: Buffer.concat(parts), terminated: false };
}

function whole(parts: readonly Buffer[], last: Buffer): Buffer {
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}
