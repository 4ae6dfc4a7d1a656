import { join } from 'node:path';
import type { DataFile, FileSystem } from './file-system.js';
import { Segment } from './segment.js';
import { writeAll, writeAllSync } from './write-all.js';

/**
 * How far ahead of what is written a segment is made longer. Where a write stays within the file, a flush need not make a new
 * size durable too, which is about a third of what it costs. Nothing but zeros stands there until it is written (`dataEnd`).
 */
export const RESERVE_BYTES = 256 * 1024;
/** What is written within one turn of the event loop, in bytes. */
export const TURN_BYTES = 1024 * 1024;

/** The segments on disk and the one that is written to. It knows nothing of what is in the lines. */
export class Journal {
  private file: DataFile | undefined;
  /** End of what was written, flushed or not. */
  private position = 0;
  /** Length of the active segment. */
  private length = 0;
  private total = 0;

  constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    /** In order; the last one is written to. */
    private readonly kept: Segment[],
    /** How far ahead a segment is made longer, in bytes; 0 = not at all. */
    private readonly reserveBytes: number,
  ) {}

  get segments(): readonly Segment[] {
    return this.kept;
  }

  /** The segment that is written to. */
  get active(): Segment {
    return this.kept.at(-1) as Segment;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.kept.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Bytes written since the start of this process, to any segment. */
  get written(): number {
    return this.total;
  }

  /** End of what was written to the active segment. */
  get end(): number {
    return this.position;
  }

  path(segment: Segment): string {
    return join(this.directory, segment.name);
  }

  /** Opens the last segment for writing behind its whole lines. */
  async resume(): Promise<void> {
    this.file = await this.fileSystem.open(this.path(this.active), 'update');
    this.position = this.active.bytes;
    this.length = await this.file.size();
  }

  /** Begins a segment. Its name is durable when this resolves; what the one before holds has to be so already. */
  async begin(firstSeq: number): Promise<void> {
    const segment = new Segment(firstSeq);
    const file = await this.fileSystem.open(this.path(segment), 'create');
    await this.trim();
    await this.file?.close();
    this.file = file;
    this.position = 0;
    this.length = 0;
    this.kept.push(segment);
    await this.fileSystem.syncDirectory(this.directory);
  }

  /** Writes at the end, within this turn. */
  writeSync(bytes: Uint8Array): void {
    const length = this.lengthFor(bytes);
    if (length > this.length) this.open().truncateSync(length);
    this.length = length;
    writeAllSync(this.open(), bytes, this.position);
    this.position += bytes.length;
    this.total += bytes.length;
  }

  /** Writes at the end, off the event loop. */
  async write(bytes: Uint8Array): Promise<void> {
    const length = this.lengthFor(bytes);
    if (length > this.length) await this.open().truncate(length);
    this.length = length;
    await writeAll(this.open(), bytes, this.position);
    this.position += bytes.length;
    this.total += bytes.length;
  }

  flushSync(): void {
    this.open().flushSync();
  }

  flush(): Promise<void> {
    return this.open().flush();
  }

  /** Gives back what was reserved and not written. Need not be made durable: a reader passes over it. */
  private async trim(): Promise<void> {
    if (this.file === undefined || this.length <= this.position) return;
    this.length = this.position;
    await this.file.truncate(this.position);
  }

  /** Removes the oldest segments; their number must leave the active one. */
  async drop(count: number): Promise<void> {
    for (const segment of this.kept.splice(0, count)) await this.fileSystem.remove(this.path(segment));
  }

  /** Removes segments of events up to this seq: history that was given up. */
  async dropBefore(seq: number): Promise<void> {
    await this.drop(this.kept.filter(({ firstSeq }) => firstSeq <= seq).length);
  }

  /** @param isSound no write has failed: what stands behind the last line is nothing but what was reserved, and is given back */
  async close(isSound = false): Promise<void> {
    const { file } = this;
    try {
      if (isSound) await this.trim();
    } finally {
      this.file = undefined;
      await file?.close();
    }
  }

  /** How long the segment is to be before these bytes are written. */
  private lengthFor(bytes: Uint8Array): number {
    const end = this.position + bytes.length;
    if (end <= this.length || this.reserveBytes === 0) return this.length;
    return Math.ceil(end / this.reserveBytes) * this.reserveBytes;
  }

  private open(): DataFile {
    return this.file as DataFile;
  }
}
