/** Bytes kept of one stream: its first half and its last half. */
export const DEFAULT_KEEP_BYTES = 1024 * 1024;
const FIRST_ALLOCATION = 4096;

/** What was kept of one stream. */
export interface CapturedOutput {
  /** As UTF-8, with U+FFFD for what is not; a line tells how many bytes were left out of the middle. */
  readonly text: string;
  /** All bytes that came, kept or not. */
  readonly bytes: number;
  /** True when the middle was left out. */
  readonly truncated: boolean;
}

/**
 * Keeps head and tail of a stream in bounded memory, however much comes. Complete up to `keepBytes`; beyond, the first and the
 * last `keepBytes / 2`, cut between characters.
 */
export class OutputCapture {
  private head = Buffer.alloc(0);
  private headLength = 0;
  private tail: Buffer | undefined;
  /** Bytes that went to the tail; it is a ring, so the newest end at this place modulo its size. */
  private tailBytes = 0;
  private readonly half: number;

  constructor(keepBytes: number = DEFAULT_KEEP_BYTES) {
    this.half = Math.ceil(keepBytes / 2);
  }

  get bytes(): number {
    return this.headLength + this.tailBytes;
  }

  /** Copies what it keeps; the chunk stays the caller's. */
  append(chunk: Uint8Array): void {
    const room = this.half - this.headLength;
    if (room > 0) this.appendHead(chunk.subarray(0, room));
    if (chunk.length > room) this.appendTail(room > 0 ? chunk.subarray(room) : chunk);
  }

  captured(): CapturedOutput {
    const head = this.head.subarray(0, this.headLength);
    const tail = this.orderedTail();
    const omitted = this.tailBytes - tail.length;
    // Text of invalid bytes grows by replacement characters, up to threefold: the limit holds for what is answered.
    if (omitted === 0) {
      const whole = tail.length === 0 ? head : Buffer.concat([head, tail]);
      const text = whole.toString('utf8');
      if (Buffer.byteLength(text) <= 2 * this.half) return { text, bytes: this.bytes, truncated: false };
    }
    const start = firstBytes(withoutCutEnd(head).toString('utf8'), this.half);
    const end = lastBytes(withoutCutStart(tail).toString('utf8'), this.half);
    const gap = omitted === 0 ? 'some bytes that are not text' : `${omitted} bytes`;
    return { text: `${start}\n… ${gap} left out …\n${end}`, bytes: this.bytes, truncated: true };
  }

  private appendHead(part: Uint8Array): void {
    const needed = this.headLength + part.length;
    if (needed > this.head.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.half, Math.max(FIRST_ALLOCATION, 2 * this.head.length, needed)));
      this.head.copy(grown, 0, 0, this.headLength);
      this.head = grown;
    }
    this.head.set(part, this.headLength);
    this.headLength = needed;
  }

  private appendTail(chunk: Uint8Array): void {
    this.tail ??= Buffer.allocUnsafe(this.half);
    const size = this.half;
    const part = chunk.length > size ? chunk.subarray(chunk.length - size) : chunk;
    this.tailBytes += chunk.length;
    const at = (this.tailBytes - part.length) % size;
    const untilEnd = Math.min(part.length, size - at);
    this.tail.set(part.subarray(0, untilEnd), at);
    this.tail.set(part.subarray(untilEnd), 0);
  }

  private orderedTail(): Buffer {
    if (this.tail === undefined) return Buffer.alloc(0);
    if (this.tailBytes <= this.half) return this.tail.subarray(0, this.tailBytes);
    const at = this.tailBytes % this.half;
    return Buffer.concat([this.tail.subarray(at), this.tail.subarray(0, at)]);
  }
}

/** Without the first bytes of a character whose rest is missing. */
function withoutCutEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) return characterLength(byte) > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the last bytes of a character whose beginning is missing. */
function withoutCutStart(bytes: Buffer): Buffer {
  let from = 0;
  while (from < 3 && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from);
}

function characterLength(firstByte: number): number {
  if (firstByte >= 0xf0) return 4;
  return firstByte >= 0xe0 ? 3 : 2;
}

function firstBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? text : withoutCutEnd(bytes.subarray(0, maxBytes)).toString('utf8');
}

function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes ? text : withoutCutStart(bytes.subarray(bytes.length - maxBytes)).toString('utf8');
}
