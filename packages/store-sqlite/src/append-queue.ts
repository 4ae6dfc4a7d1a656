import type { MessagePort } from 'node:worker_threads';
import { EventEncoder, type ExecGoError, errorMessage, nextTurn, type TaskEvent } from '@execgo/core';
import type { AppendAborted, AppendPart, FromWriter } from './append-port.js';
import { readOnly, refused } from './store-errors.js';

/** A part of an append ends at so many events, or at so much text, in UTF-16 units; the event loop turns between parts. */
const PART_EVENTS = 250;
const PART_UNITS = 64 * 1024;

interface Waiting {
  resolve(): void;
  reject(error: ExecGoError): void;
}

export interface AppendQueueOptions {
  readonly port: MessagePort;
  /** Seq of the newest durable event. */
  readonly lastSeq: number;
  /** Called when the queue gets its first append, and when it has none left. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}

/**
 * The way to the writer. Appends are encoded in slices and sent at once, in order; the writer puts together what it has got.
 * Once one was refused or could not be written, nothing more is taken.
 */
export class AppendQueue {
  /** Seq of the newest event that is durable and whose append has resolved. */
  lastSeq: number;
  private queuedSeq: number;
  private failure: ExecGoError | undefined;
  /** Appends that were sent or are to be sent, oldest first. */
  private waiting: Waiting[] = [];
  /** Set while a large append is being encoded: those after it wait for it. */
  private encoding: Promise<void> | undefined;
  private readonly unshown: { readonly seq: number; resolve(): void }[] = [];
  private whenIdle: (() => void)[] = [];
  private readonly encoder = new EventEncoder();

  constructor(private readonly options: AppendQueueOptions) {
    this.lastSeq = options.lastSeq;
    this.queuedSeq = options.lastSeq;
    options.port.on('message', (message: FromWriter) => this.receive(message));
    // The thread itself is kept alive while there is something to wait for.
    options.port.unref();
  }

  /** Why nothing more is taken, if so. */
  get error(): ExecGoError | undefined {
    return this.failure;
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.failure === undefined && !this.follows(events)) {
      // What is on its way was taken, and becomes durable.
      this.failure = refused(`seqs of an append do not follow ${this.queuedSeq}`);
    }
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.queuedSeq += events.length;
    if (this.waiting.length === 0) this.options.onBusy();
    const done = new Promise<void>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
    this.send(events);
    return done;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.waiting.length > 0) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /**
   * Resolves when the appends up to a seq have resolved. A read may see what was just committed before the word of it has come,
   * and is shown after it.
   */
  async shown(seq: number): Promise<void> {
    if (seq <= this.lastSeq || this.waiting.length === 0) return;
    await new Promise<void>((resolve) => this.unshown.push({ seq, resolve }));
  }

  /** Rejects everything that is under way, and all that comes: the writer is gone. */
  fail(error: ExecGoError): void {
    this.failure ??= error;
    const rejected = this.waiting;
    this.waiting = [];
    for (const { reject } of rejected) reject(this.failure);
    if (rejected.length > 0) this.rest();
  }

  private follows(events: readonly TaskEvent[]): boolean {
    let expected = this.queuedSeq + 1;
    for (const { seq } of events) {
      if (seq !== expected) return false;
      expected += 1;
    }
    return true;
  }

  private send(events: readonly TaskEvent[]): void {
    if (this.encoding === undefined) {
      const parts = this.parts(events);
      try {
        const first = parts.next().value as AppendPart;
        this.post(first);
        if (first.isLast) return;
      } catch (error) {
        this.abort(error);
        return;
      }
      this.encoding = this.sendRest(parts);
    } else {
      this.encoding = this.encoding.then(() => this.sendRest(this.parts(events)));
    }
    const mine = this.encoding;
    void mine.then(() => {
      if (this.encoding === mine) this.encoding = undefined;
    });
  }

  private async sendRest(parts: Generator<AppendPart, void, void>): Promise<void> {
    try {
      for (;;) {
        await nextTurn();
        const { value } = parts.next();
        if (value === undefined) return;
        this.post(value);
        if (value.isLast) return;
      }
    } catch (error) {
      this.abort(error);
    }
  }

  private *parts(events: readonly TaskEvent[]): Generator<AppendPart, void, void> {
    let lines = '';
    let count = 0;
    for (const [at, event] of events.entries()) {
      lines += count === 0 ? this.encoder.encode(event) : `\n${this.encoder.encode(event)}`;
      count += 1;
      if (count < PART_EVENTS && lines.length < PART_UNITS) continue;
      const isLast = at === events.length - 1;
      yield { lines, isLast };
      if (isLast) return;
      lines = '';
      count = 0;
    }
    yield { lines, isLast: true };
  }

  /** An event that has no JSON: the writer answers by refusing the append. */
  private abort(error: unknown): void {
    this.post({ aborted: errorMessage(error) });
  }

  private post(message: AppendPart | AppendAborted): void {
    this.options.port.postMessage(message);
  }

  private receive(message: FromWriter): void {
    if ('failed' in message) {
      const { isRefusal, message: why } = message.failed;
      this.fail(isRefusal ? refused(why) : readOnly(why));
      return;
    }
    this.lastSeq = message.lastSeq;
    for (const { resolve } of this.waiting.splice(0, message.appends)) resolve();
    for (let at = this.unshown.length - 1; at >= 0; at -= 1) {
      if ((this.unshown[at] as { seq: number }).seq <= this.lastSeq) this.unshown.splice(at, 1)[0]?.resolve();
    }
    if (this.waiting.length === 0 && message.appends > 0) this.rest();
  }

  private rest(): void {
    for (const { resolve } of this.unshown.splice(0)) resolve();
    for (const resolve of this.whenIdle.splice(0)) resolve();
    this.options.onIdle();
  }
}
