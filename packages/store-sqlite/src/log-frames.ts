import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * The format of a write-ahead log: https://www.sqlite.org/walformat.html. Numbers are big-endian. A checksum goes on from that of
 * the frame before; whether it adds up little- or big-endian words is told by the last bit of the header's first number.
 */
export const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;
const SUMMED_HEADER_BYTES = 24;
const SUMMED_FRAME_HEADER_BYTES = 8;
/** Bytes that are read at once, at least one frame. */
const WINDOW_BYTES = 1024 * 1024;

export type Sum = readonly [number, number];
const NO_SUM: Sum = [0, 0];

export function isSame(one: Sum, other: Sum): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

export interface LogHeader {
  /** As it stands there, for a comparison with what stands there later. */
  readonly text: string;
  readonly isSound: boolean;
  /** Bytes of a page, where the header is sound. */
  readonly pageBytes: number;
  readonly isLittle: boolean;
  readonly salts: Sum;
  readonly storedSum: Sum;
  readonly sum: Sum;
}

/** A frame: the new content of one page. */
export interface Frame {
  readonly page: number;
  /** Pages of the database after the commit whose last frame it is; 0 in its other frames. */
  readonly sizeAfter: number;
  readonly salts: Sum;
  readonly storedSum: Sum;
  /** Valid until the next frame is read. */
  readonly content: Buffer;
  /** The checksum that belongs to it, after that of the frame before. @param content what to take for its content @default its own */
  sumAfter(before: Sum, content?: Buffer): Sum;
  /** The same, if it had another `sizeAfter`. */
  sumWithSize(before: Sum, sizeAfter: number): Sum;
}

/** The frames of a log by their place, read through a window. */
export class LogFrames {
  readonly count: number;
  private readonly fd: number;
  private readonly frameBytes: number;
  private readonly window: Buffer;
  private windowFrom = 0;
  private windowLength = 0;

  /** @param count frames, in bytes of the file as they were when its header was read */
  constructor(
    file: string,
    private readonly pageBytes: number,
    private readonly isLittle: boolean,
  ) {
    this.fd = openSync(file, 'r');
    this.frameBytes = FRAME_HEADER_BYTES + pageBytes;
    this.count = Math.max(0, Math.floor((fstatSync(this.fd).size - HEADER_BYTES) / this.frameBytes));
    this.window = Buffer.alloc(Math.max(1, Math.floor(WINDOW_BYTES / this.frameBytes)) * this.frameBytes);
  }

  /** Where a frame begins in the file. */
  byteOf(index: number): number {
    return HEADER_BYTES + index * this.frameBytes;
  }

  /** @returns undefined where the file has become shorter */
  at(index: number): Frame | undefined {
    const from = this.byteOf(index);
    if (from < this.windowFrom || from + this.frameBytes > this.windowFrom + this.windowLength) {
      this.windowFrom = from;
      this.windowLength = readSync(this.fd, this.window, 0, this.window.length, from);
      if (this.windowLength < this.frameBytes) return undefined;
    }
    const start = from - this.windowFrom;
    return frameOf(this.window.subarray(start, start + this.frameBytes), this.isLittle, this.pageBytes);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** @returns undefined for a file without a frame */
export function readHeader(file: string): LogHeader | undefined {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    if (readSync(fd, bytes, 0, HEADER_BYTES, 0) < HEADER_BYTES || fstatSync(fd).size === HEADER_BYTES) return undefined;
    const magic = bytes.readUInt32BE(0);
    const isLittle = magic === MAGIC;
    const pageBytes = bytes.readUInt32BE(8);
    const storedSum = pairAt(bytes, SUMMED_HEADER_BYTES);
    const sum = sumOf(bytes.subarray(0, SUMMED_HEADER_BYTES), isLittle, NO_SUM);
    const isSound = (isLittle || magic === MAGIC + 1) && isPageSize(pageBytes) && isSame(sum, storedSum);
    return { text: bytes.toString('hex'), isSound, pageBytes, isLittle, salts: pairAt(bytes, 16), storedSum, sum };
  } finally {
    closeSync(fd);
  }
}

export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0;
}

function frameOf(bytes: Buffer, isLittle: boolean, pageBytes: number): Frame {
  const head = bytes.subarray(0, SUMMED_FRAME_HEADER_BYTES);
  const content = bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + pageBytes);
  const sumAfter = (before: Sum, other: Buffer = content) => sumOf(other, isLittle, sumOf(head, isLittle, before));
  return {
    page: head.readUInt32BE(0),
    sizeAfter: head.readUInt32BE(4),
    salts: pairAt(bytes, 8),
    storedSum: pairAt(bytes, 16),
    content,
    sumAfter,
    sumWithSize: (before, sizeAfter) => {
      const changed = Buffer.from(head);
      changed.writeUInt32BE(sizeAfter, 4);
      return sumOf(content, isLittle, sumOf(changed, isLittle, before));
    },
  };
}

function pairAt(bytes: Buffer, at: number): Sum {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
}

function sumOf(bytes: Buffer, isLittle: boolean, [first, second]: Sum): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [a, b] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}
