import type { McpClock } from './options.js';

/** How far a call has come. */
export interface ProgressUpdate {
  readonly message: string;
  /** How many of `total` are done; absent where nothing can be counted. */
  readonly counted?: { readonly done: number; readonly total: number };
}

export interface ProgressSenderOptions {
  /** Sends one notification; what it rejects with is the connection's concern. */
  readonly send: (progress: { progress: number; total?: number; message: string }) => Promise<void>;
  readonly clock: McpClock;
  /** Shortest time between two notifications, in milliseconds. */
  readonly intervalMs: number;
  /** Silence after which the newest is told again, in milliseconds: clients that wait for progress go on waiting. */
  readonly silenceMs: number;
}

/**
 * The progress notifications of one call: never more often than the interval, never silent for longer than the silence. Every
 * one has a larger number than the one before, as the protocol wants it, also where no more is done than then.
 */
export class ProgressSender {
  private waiting: ProgressUpdate | undefined;
  private newest: ProgressUpdate = { message: 'under way' };
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | undefined;
  private done = 0;
  private sentSinceDone = 0;
  private closed = false;
  private readonly startedAtMs: number;

  constructor(private readonly options: ProgressSenderOptions) {
    this.startedAtMs = options.clock.monotonic();
    this.sleep(options.silenceMs);
  }

  tell(update: ProgressUpdate): void {
    if (this.closed) return;
    this.newest = update;
    this.waiting = update;
    const waitMs = this.sentAtMs + this.options.intervalMs - this.options.clock.monotonic();
    if (waitMs <= 0) this.flush();
    else this.sleep(waitMs);
  }

  /** Nothing is sent any more. */
  close(): void {
    this.closed = true;
    this.cancelTimer?.();
  }

  private flush(): void {
    const { clock, silenceMs, send } = this.options;
    const update = this.waiting ?? this.stillUnderWay();
    this.waiting = undefined;
    this.sentAtMs = clock.monotonic();
    const total = update.counted?.total;
    send({
      progress: this.number(update.counted?.done ?? this.done),
      ...(total !== undefined && { total }),
      message: update.message,
    }).catch(() => {
      // Whoever asked for it is gone, which the end of the call will show.
      this.close();
    });
    this.sleep(silenceMs);
  }

  /** Between two counts it creeps towards the next one and never reaches it. */
  private number(done: number): number {
    if (done > this.done) {
      this.done = done;
      this.sentSinceDone = 0;
      return done;
    }
    this.sentSinceDone += 1;
    return this.done + this.sentSinceDone / (this.sentSinceDone + 1);
  }

  private stillUnderWay(): ProgressUpdate {
    const seconds = Math.round((this.options.clock.monotonic() - this.startedAtMs) / 1000);
    return { ...this.newest, message: `${this.newest.message} (${seconds} s)` };
  }

  private sleep(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.closed ? undefined : this.options.clock.after(ms, () => this.flush());
  }
}
