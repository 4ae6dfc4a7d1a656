import type { ReadableFile } from './file-system.js';
import { type RawLine, readLine } from './journal-line.js';
import { readAll } from './write-all.js';

const CHUNK_BYTES = 1024 * 1024;

/** Where the whole lines of a segment end before the file does. */
export interface Damage {
  readonly offset: number;
  readonly what: string;
}

export interface LineBatch {
  readonly lines: readonly RawLine[];
  /** Set on the last batch, where reading stopped before the end. */
  readonly damage?: Damage;
  /** Set on the last batch, when its last line is whole but for its LF. */
  readonly unterminated?: true;
}

/**
 * The lines of a segment from a place where one begins, checked, in batches of about a megabyte. It stops at the first damage.
 *
 * @param size how much of the file is read
 */
export async function* readLines(file: ReadableFile, from: number, size: number): AsyncGenerator<LineBatch> {
  let rest: Buffer = Buffer.alloc(0);
  let base = from;
  let wanted = CHUNK_BYTES;
  while (base + rest.length < size) {
    const buffer = await fill(file, rest, base, Math.min(size - base, Math.max(wanted, CHUNK_BYTES)));
    const lines: RawLine[] = [];
    let at = 0;
    while (base + at < size) {
      const step = readLine(buffer, at, base, size);
      if (step.kind === 'damage') {
        yield { lines, damage: step };
        return;
      }
      if (step.kind === 'more') {
        wanted = step.bytes;
        break;
      }
      lines.push(step.line);
      at = step.line.end - base;
      if (step.terminated) continue;
      if (step.line.end === size) yield { lines, unterminated: true };
      else
        yield {
          lines,
          unterminated: true,
          damage: { offset: step.line.end, what: 'a line does not end in a line feed' },
        };
      return;
    }
    if (lines.length > 0) yield { lines };
    rest = buffer.subarray(at);
    base += at;
    wanted = Math.max(wanted, rest.length + 1);
  }
}

/** `rest` and what follows it in the file, `bytes` in all. A fresh buffer: the lines given out point into the one before. */
async function fill(file: ReadableFile, rest: Buffer, base: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  rest.copy(buffer);
  const got = await readAll(file, buffer.subarray(rest.length), base + rest.length);
  // A file that was cut since its size was taken: what is missing reads as zeros, which no line consists of.
  return buffer.fill(0, rest.length + got);
}
