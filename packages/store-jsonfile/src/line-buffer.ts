import { crc32, hex32 } from './crc32.js';

/** `crc32 length ` before the JSON of a line: 8 hex digits, 10 decimal ones, a space after each. */
export const HEADER_BYTES = 20;
export const LENGTH_DIGITS = 10;

const CHUNK_BYTES = 256 * 1024;
/** A UTF-16 unit is at most this many bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;
const LF = 0x0a;

/**
 * Turns texts into journal lines, `crc32 length {json} LF`, in a few large buffers. A line may be given in several parts, so
 * that the event loop can turn in between.
 */
export class LineBuffer {
  private chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  private used = 0;
  private full: Buffer[] = [];
  private fullBytes = 0;
  private header: Buffer = this.chunk;
  private headerAt = 0;
  private crc = 0;
  /** Where the bytes begin that `crc` does not hold yet. */
  private uncheckedAt = 0;
  private length = 0;

  /** Bytes of all lines since the last `take`. */
  get bytes(): number {
    return this.fullBytes + this.used;
  }

  begin(): void {
    this.reserve(HEADER_BYTES);
    this.header = this.chunk;
    this.headerAt = this.used;
    this.used += HEADER_BYTES;
    this.uncheckedAt = this.used;
    this.crc = 0;
    this.length = 0;
  }

  add(text: string): void {
    const most = text.length * MAX_BYTES_PER_UNIT;
    this.reserve(most < CHUNK_BYTES ? most : Buffer.byteLength(text));
    const bytes = this.chunk.write(text, this.used, 'utf8');
    this.used += bytes;
    this.length += bytes;
  }

  end(): void {
    this.check();
    const header = `${hex32(this.crc)} ${String(this.length).padStart(LENGTH_DIGITS, '0')} `;
    this.header.write(header, this.headerAt, 'latin1');
    this.reserve(1);
    this.chunk[this.used] = LF;
    this.used += 1;
  }

  /** The lines so far, in order; they are to be written before the next `begin`, which may use the memory again. */
  take(): readonly Buffer[] {
    const parts = [...this.full, this.chunk.subarray(0, this.used)];
    if (this.chunk.length > CHUNK_BYTES) this.chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    this.full = [];
    this.fullBytes = 0;
    this.used = 0;
    return parts;
  }

  private check(): void {
    this.crc = crc32(this.chunk.subarray(this.uncheckedAt, this.used), this.crc);
    this.uncheckedAt = this.used;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.chunk.length) return;
    this.check();
    if (this.used > 0) {
      this.full.push(this.chunk.subarray(0, this.used));
      this.fullBytes += this.used;
    }
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytes));
    this.used = 0;
    this.uncheckedAt = 0;
  }
}
