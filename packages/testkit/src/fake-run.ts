import { randomUUID } from 'node:crypto';
import { ExecGoError, type RunContext } from '@execgo/core';

export interface FakeRunOptions {
  readonly runId?: string;
  /** @default 1 */
  readonly attempt?: number;
  /** A handle from an earlier life of the task. */
  readonly handle?: string;
}

/** What an executor is given for one attempt, kept in memory for a test to look at; the test aborts it. */
export class FakeRun implements RunContext {
  readonly runId: string;
  readonly attempt: number;
  readonly handle?: string;
  /** Handles accepted, in order. */
  readonly accepted: string[] = [];
  readonly notes: { readonly message: string; readonly data?: unknown }[] = [];
  readonly chunks: { readonly stream: 'stdout' | 'stderr'; readonly chunk: Uint8Array }[] = [];
  /** What the executor told about the attempt, last. */
  facts: unknown;
  /** Whether the executor asked for the signal. */
  signalTouched = false;
  private readonly controller = new AbortController();

  constructor(options: FakeRunOptions = {}) {
    this.runId = options.runId ?? 'store/task/1';
    this.attempt = options.attempt ?? 1;
    if (options.handle !== undefined) this.handle = options.handle;
  }

  get signal(): AbortSignal {
    this.signalTouched = true;
    return this.controller.signal;
  }

  /** Aborts the attempt. @default reason an ExecGoError `cancelled` */
  abort(reason: ExecGoError = new ExecGoError('cancelled', 'cancelled by the test')): void {
    this.controller.abort(reason);
  }

  async accept(handle: string): Promise<void> {
    this.accepted.push(handle);
  }

  details(facts: unknown): void {
    this.facts = facts;
  }

  progress(message: string, data?: unknown): void {
    this.notes.push({ message, ...(data !== undefined && { data }) });
  }

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    this.chunks.push({ stream, chunk: chunk.slice() });
  }

  /** What was put out on one stream, as text. */
  outputText(stream: 'stdout' | 'stderr'): string {
    return Buffer.concat(this.chunks.filter((piece) => piece.stream === stream).map(({ chunk }) => chunk)).toString();
  }
}

/** A run whose id no other has: its processes can be told from those of all others. */
export function freshRun(options: FakeRunOptions = {}): FakeRun {
  return new FakeRun({ runId: `${randomUUID()}/a/1`, ...options });
}
