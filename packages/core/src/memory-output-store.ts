import { ByteBlocks } from './byte-blocks.js';
import { ConfigError, ExecGoError } from './errors.js';
import {
  DEFAULT_OUTPUT_MAX_BYTES,
  type MissingBytes,
  OUTPUT_STREAMS,
  type OutputKey,
  type OutputStore,
  type OutputStream,
  type StoredOutput,
  type StreamSize,
} from './ports/output-store.js';

export interface MemoryOutputStoreOptions {
  /** How much is kept of one attempt, both streams together, in bytes. @default 64 MiB */
  readonly maxBytesPerAttempt?: number;
  /** How much is kept in all, in bytes; beyond, the oldest outputs are given up, and only their sizes stay. @default 256 MiB */
  readonly maxBytes?: number;
}

const DEFAULT_MEMORY_OUTPUT_BYTES = 256 * 1024 * 1024;
const BATCH = 1000;

/** The output of one attempt. */
class Captured {
  readonly kept: Readonly<Record<OutputStream, ByteBlocks>> = { stdout: new ByteBlocks(), stderr: new ByteBlocks() };
  readonly bytes: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  finished = false;

  constructor(readonly attempt: number) {}

  get keptInAll(): number {
    return this.kept.stdout.length + this.kept.stderr.length;
  }

  size(stream: OutputStream): StreamSize {
    return { bytes: this.bytes[stream], kept: this.kept[stream].length };
  }
}

/** Keeps output in the memory of this process, bounded: for embedding, for tests, and beside a store that forgets as well. */
export class MemoryOutputStore implements OutputStore {
  private readonly perAttempt: number;
  private readonly inAll: number;
  private readonly tasks = new Map<number, Captured>();
  /** Those that may be given up, the oldest first. */
  private readonly finished = new Set<Captured>();
  private kept = 0;
  private storeId: string | undefined;
  private state: 'closed' | 'open' = 'closed';

  /** @throws ConfigError for an option that cannot be used */
  constructor(options: MemoryOutputStoreOptions = {}) {
    this.perAttempt = size('maxBytesPerAttempt', options.maxBytesPerAttempt ?? DEFAULT_OUTPUT_MAX_BYTES);
    this.inAll = size('maxBytes', options.maxBytes ?? DEFAULT_MEMORY_OUTPUT_BYTES);
  }

  async open({ storeId }: { readonly storeId: string }): Promise<void> {
    if (this.state === 'open') throw new ExecGoError('unavailable', 'this output store is open already');
    this.state = 'open';
    if (storeId === this.storeId) return;
    this.storeId = storeId;
    for (const seq of [...this.tasks.keys()]) this.forget(seq);
  }

  append(key: OutputKey, stream: OutputStream, chunk: Uint8Array): void {
    this.mustBeOpen();
    const captured = this.begun(key);
    const kept = captured.kept[stream];
    const isWhole = kept.length === captured.bytes[stream];
    captured.bytes[stream] += chunk.length;
    const room = isWhole ? Math.min(this.perAttempt - captured.keptInAll, chunk.length) : 0;
    if (room <= 0) return;
    this.makeRoom(room);
    if (this.kept + room > this.inAll) return;
    kept.append(chunk.subarray(0, room));
    this.kept += room;
  }

  async finish(key: OutputKey, missing?: MissingBytes): Promise<void> {
    this.mustBeOpen();
    const captured = this.begun(key);
    for (const stream of OUTPUT_STREAMS) captured.bytes[stream] += missing?.[stream] ?? 0;
    captured.finished = true;
    if (captured.keptInAll > 0) this.finished.add(captured);
  }

  async size(key: OutputKey): Promise<StoredOutput | undefined> {
    const captured = this.find(key);
    if (captured === undefined) return undefined;
    const { finished } = captured;
    return { stdout: captured.size('stdout'), stderr: captured.size('stderr'), finished };
  }

  async read(key: OutputKey, stream: OutputStream, start: number, end: number): Promise<Uint8Array> {
    return this.find(key)?.kept[stream].read(start, end) ?? new Uint8Array(0);
  }

  async remove(submittedSeq: number): Promise<void> {
    this.mustBeOpen();
    this.forget(submittedSeq);
  }

  async *submittedSeqs(): AsyncIterable<readonly number[]> {
    const seqs = [...this.tasks.keys()];
    for (let at = 0; at < seqs.length; at += BATCH) yield seqs.slice(at, at + BATCH);
  }

  async close(): Promise<void> {
    this.state = 'closed';
  }

  private find({ submittedSeq, attempt }: OutputKey): Captured | undefined {
    const captured = this.tasks.get(submittedSeq);
    return captured?.attempt === attempt ? captured : undefined;
  }

  private begun(key: OutputKey): Captured {
    const found = this.find(key);
    if (found !== undefined && !found.finished) return found;
    this.forget(key.submittedSeq);
    const captured = new Captured(key.attempt);
    this.tasks.set(key.submittedSeq, captured);
    return captured;
  }

  private forget(submittedSeq: number): void {
    const captured = this.tasks.get(submittedSeq);
    if (captured === undefined) return;
    this.kept -= captured.keptInAll;
    this.finished.delete(captured);
    this.tasks.delete(submittedSeq);
  }

  /** Gives up finished outputs, the oldest first; their sizes stay. */
  private makeRoom(needed: number): void {
    for (const captured of this.finished) {
      if (this.kept + needed <= this.inAll) return;
      this.kept -= captured.keptInAll;
      for (const stream of OUTPUT_STREAMS) captured.kept[stream].clear();
      this.finished.delete(captured);
    }
  }

  private mustBeOpen(): void {
    if (this.state !== 'open') throw new ExecGoError('unavailable', 'the output store is not open');
  }
}

function size(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new ConfigError(option, 'a whole number, 0 or more', value);
  return value;
}
