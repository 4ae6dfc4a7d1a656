import {
  ExecGoError,
  type Json,
  MAX_PROGRESS_ENTRIES,
  type OutputStream,
  type ProgressEntry,
  type RunContext,
  type TaskSpec,
} from '@execgo/core';
import type { AttemptOutput } from './attempt-output.js';
import type { Deadline } from './deadline-wheel.js';
import type { TaskNode } from './graph-index.js';

/** Why an attempt is told to stop. The first reason stays; that it was abandoned is added to it. */
export interface StopCause {
  readonly kind: 'timeout' | 'cancel' | 'shutdown' | 'failure';
  readonly error: ExecGoError;
  /** Who cancelled. */
  readonly actor?: string;
}

/** What an attempt reports to while it runs. */
export interface AttemptHost {
  accept(attempt: Attempt, handle: string): Promise<void>;
  progress(attempt: Attempt, message: string, data: unknown): void;
  output(attempt: Attempt, stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
}

/** One attempt: what the executor sees of it (RunContext) and what the dispatcher keeps of it. */
export class Attempt implements RunContext {
  readonly attempt: number;
  /** Why it was told to stop, once it was. */
  cause: StopCause | undefined;
  /** The executor was called: from here on there may be an effect. */
  begun = false;
  /** It ignored its signal and may still run: a further attempt would be a second one at the same time. */
  abandoned = false;
  /** The executor has answered, and what it wrote is still being put away: it says nothing more, and cannot be stopped. */
  answered = false;
  /** Nothing it says counts any more: its outcome is decided. */
  settled = false;
  /** The timeout, then the end of patience with an executor that ignores its signal. */
  deadline: Deadline | undefined;
  /** The newest notes, oldest first. */
  progressEntries: ProgressEntry[] | undefined;
  /** What the executor tells about it. */
  facts: unknown;
  /** What it has written; made with the first piece. */
  captured: AttemptOutput | undefined;
  private controller: AbortController | undefined;
  private endListeners: (() => void)[] | undefined;

  constructor(
    readonly node: TaskNode,
    private readonly host: AttemptHost,
    private readonly storeId: string,
    /** Monotonic milliseconds. */
    readonly startedAt: number,
    readonly handle: string | undefined,
  ) {
    this.attempt = node.attempt;
  }

  get spec(): TaskSpec {
    return this.node.spec;
  }

  get runId(): string {
    return `${this.storeId}/${this.node.id}/${this.attempt}`;
  }

  /** A controller per attempt would halve the throughput of small tasks: made when an executor asks for it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.cause !== undefined) this.controller.abort(this.cause.error);
    }
    return this.controller.signal;
  }

  accept(handle: string): Promise<void> {
    if (this.hasEnded) return Promise.reject(new ExecGoError('cancelled', 'this attempt has ended'));
    return this.host.accept(this, handle);
  }

  details(facts: unknown): void {
    if (!this.hasEnded) this.facts = facts;
  }

  progress(message: string, data?: unknown): void {
    if (!this.hasEnded) this.host.progress(this, message, data);
  }

  output(stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    if (!this.hasEnded) return this.host.output(this, stream, chunk);
  }

  private get hasEnded(): boolean {
    return this.answered || this.settled;
  }

  note(entry: ProgressEntry): void {
    this.progressEntries ??= [];
    if (this.progressEntries.length === MAX_PROGRESS_ENTRIES) this.progressEntries.shift();
    this.progressEntries.push(entry);
  }

  /** Tells the executor to stop. */
  stop(cause: StopCause): void {
    if (this.cause !== undefined || this.settled) return;
    this.cause = cause;
    this.controller?.abort(cause.error);
  }

  /** Resolves when the outcome is decided. */
  ended(): Promise<void> {
    if (this.settled) return Promise.resolve();
    return new Promise((resolve) => {
      this.endListeners ??= [];
      this.endListeners.push(resolve);
    });
  }

  settle(): void {
    this.settled = true;
    for (const listener of this.endListeners ?? []) listener();
  }
}

/** What an attempt came to. */
export type Outcome =
  | { readonly ok: true; readonly result: Json | undefined }
  | {
      readonly ok: false;
      readonly error: ExecGoError;
      readonly result: Json | undefined;
      readonly details: Json | undefined;
    };
