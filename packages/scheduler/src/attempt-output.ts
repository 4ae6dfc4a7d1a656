import {
  ByteBlocks,
  type ExecGoError,
  type Json,
  OUTPUT_STREAMS,
  type OutputKey,
  type OutputSize,
  type OutputStore,
  type OutputStream,
} from '@execgo/core';
import { repeatsOutput } from './result-output.js';

/** What the captured output of an attempt reports to. */
export interface AttemptOutputHost {
  readonly store: OutputStore | undefined;
  /** Both streams of an attempt, until they go to the store. */
  readonly bufferBytes: number;
  /** More can be read. */
  grown(output: AttemptOutput): void;
  /** It goes to the store from here on. */
  spilled(output: AttemptOutput): void;
  /** The store has all that was to be kept. */
  finished(output: AttemptOutput): void;
  /** Waits for `work` of the output store, which must not reject, for so long at most; calls `onLate` where it then goes on without. */
  inTime(work: Promise<void>, onLate: (error: ExecGoError) => void): Promise<void>;
  /** From here on nothing of it is kept. Called once. */
  lost(output: AttemptOutput, reason: LossReason): void;
}

/** Why output is not kept: no store is there to take it, it came faster than the store could take it, or the store refused it. */
export type LossReason =
  | { readonly kind: 'no-store' | 'overrun' }
  | { readonly kind: 'refused'; readonly error: unknown };

/** Bytes on their way to the store; an executor that goes on without waiting loses what comes beyond. */
const MAX_PENDING_OUTPUT_BYTES = 4 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * What one attempt has written so far:
 *
 *     buffered ── more than fits ──► moving ── the store has it ──► stored
 *
 * It is read from the buffer until the store has all of that, and from the store afterwards. It never fails the attempt: where
 * the store refuses, or there is none, what came so far stays readable and the rest is counted.
 */
export class AttemptOutput {
  private place: 'buffered' | 'moving' | 'stored' = 'buffered';
  private readonly buffer: Readonly<Record<OutputStream, ByteBlocks>> = {
    stdout: new ByteBlocks(),
    stderr: new ByteBlocks(),
  };
  /** Bytes that came; and, of these, the ones left out because nothing was kept any more. */
  readonly came: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  private readonly leftOut: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  private pendingBytes = 0;
  /** Why nothing more is kept. */
  private loss: LossReason | undefined;
  /** The store has refused something, or did not answer, whatever was lost before that: it may not have what it was handed. */
  private isRefused = false;
  private ended = false;

  constructor(
    readonly key: OutputKey,
    readonly taskId: string,
    private readonly host: AttemptOutputHost,
    /** Removes what an earlier run of the task left; nothing of this one counts before. */
    private readonly cleared: Promise<void> | undefined,
  ) {}

  get attempt(): number {
    return this.key.attempt;
  }

  /** Whether something of it is not kept, for a reason other than the store's own limit. */
  get isIncomplete(): boolean {
    return this.loss !== undefined;
  }

  /** @returns a promise where the executor should wait; it never rejects */
  append(stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    if (this.ended) return;
    this.came[stream] += chunk.length;
    if (this.loss !== undefined) {
      this.leftOut[stream] += chunk.length;
      return;
    }
    if (this.place !== 'buffered') return this.store(stream, chunk);
    const room = this.host.bufferBytes - this.buffer.stdout.length - this.buffer.stderr.length;
    if (chunk.length <= room) {
      this.buffer[stream].append(chunk);
      this.host.grown(this);
      return;
    }
    if (this.host.store === undefined) {
      this.buffer[stream].append(chunk.subarray(0, room));
      this.leftOut[stream] += chunk.length - room;
      this.lose({ kind: 'no-store' });
      this.host.grown(this);
      return;
    }
    const moved = this.move();
    const stored = this.store(stream, chunk);
    return stored === undefined ? moved : moved.then(() => stored);
  }

  /**
   * The attempt has answered; nothing is taken any more. What its result does not repeat goes to the store.
   * @returns a promise where that takes time; it never rejects
   */
  finish(result: Json | undefined): undefined | Promise<void> {
    this.ended = true;
    if (this.place === 'buffered') {
      if (this.loss !== undefined || repeatsOutput(result, this.buffer)) return this.cleared;
      if (this.host.store === undefined) {
        this.lose({ kind: 'no-store' });
        return undefined;
      }
      void this.move();
    }
    return this.finishStored();
  }

  /** The store does not answer, and nobody waits for it any longer. */
  giveUp(error: unknown): void {
    this.lose({ kind: 'refused', error });
  }

  async sizes(): Promise<Readonly<Record<OutputStream, OutputSize>>> {
    if (this.place !== 'stored') return { stdout: this.bufferSize('stdout'), stderr: this.bufferSize('stderr') };
    const stored = await this.host.store?.size(this.key);
    const size = (stream: OutputStream): OutputSize => {
      const { bytes, kept } = stored?.[stream] ?? { bytes: 0, kept: 0 };
      // What is on its way counts when it has arrived.
      if (this.loss === undefined) return { bytes, kept, truncated: kept < bytes };
      return { bytes: this.came[stream], kept, truncated: kept < this.came[stream] };
    };
    return { stdout: size('stdout'), stderr: size('stderr') };
  }

  async read(stream: OutputStream, start: number, end: number): Promise<Uint8Array> {
    if (this.place !== 'stored') return this.buffer[stream].read(start, end);
    return (await this.host.store?.read(this.key, stream, start, end)) ?? NOTHING;
  }

  private bufferSize(stream: OutputStream): OutputSize {
    const kept = this.buffer[stream].length;
    if (this.loss === undefined) return { bytes: kept, kept, truncated: false };
    return { bytes: this.came[stream], kept, truncated: kept < this.came[stream] };
  }

  /** Hands the buffer to the store. Until it has it, and if it never does, the buffer is what is read. */
  private async move(): Promise<void> {
    this.place = 'moving';
    this.host.spilled(this);
    const handed = OUTPUT_STREAMS.map((stream) => {
      const { length } = this.buffer[stream];
      return length === 0 ? undefined : this.store(stream, this.buffer[stream].read(0, length));
    });
    await Promise.all(handed);
    if (this.isRefused) return;
    this.place = 'stored';
    for (const stream of OUTPUT_STREAMS) this.buffer[stream].clear();
    this.host.grown(this);
  }

  private store(stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    if (this.pendingBytes > MAX_PENDING_OUTPUT_BYTES) this.lose({ kind: 'overrun' });
    if (this.loss !== undefined) {
      this.leftOut[stream] += chunk.length;
      return;
    }
    let stored: void | Promise<void>;
    try {
      stored = (this.host.store as OutputStore).append(this.key, stream, chunk);
    } catch (error) {
      this.lose({ kind: 'refused', error });
      return;
    }
    if (stored === undefined) {
      if (this.place === 'stored') this.host.grown(this);
      return;
    }
    this.pendingBytes += chunk.length;
    const taken = stored.then(
      () => {
        this.pendingBytes -= chunk.length;
        if (this.place === 'stored') this.host.grown(this);
      },
      (error: unknown) => {
        this.pendingBytes -= chunk.length;
        this.lose({ kind: 'refused', error });
      },
    );
    return this.host.inTime(taken, (error) => this.giveUp(error));
  }

  /** At once, also where an earlier run is still being removed: called late, it would end the attempt that writes by then. */
  private async finishStored(): Promise<void> {
    try {
      await (this.host.store as OutputStore).finish(this.key, this.leftOut);
      if (this.loss === undefined) this.host.finished(this);
    } catch (error) {
      this.lose({ kind: 'refused', error });
    }
  }

  private lose(reason: LossReason): void {
    if (reason.kind === 'refused') this.isRefused = true;
    if (this.loss !== undefined) return;
    this.loss = reason;
    this.host.lost(this, reason);
  }
}
