import { ExecGoError } from '@execgo/core';
import type { RuntimeClock } from './options.js';

interface Waiter {
  readonly dueMs: number;
  readonly wake: (error?: ExecGoError) => void;
}

/** Pauses of any number of runs on one timer of the clock. */
export class SharedTimer {
  private readonly waiters = new Set<Waiter>();
  private armedForMs = Number.POSITIVE_INFINITY;
  private disarm: () => void = () => undefined;
  private isClosed = false;

  constructor(private readonly clock: RuntimeClock) {}

  /** Resolves after the time, and also as soon as the signal aborts. @throws ExecGoError `unavailable` once the timer is closed */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.isClosed) return Promise.reject(closed());
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => wake();
      const wake = (error?: ExecGoError) => {
        this.waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiter: Waiter = { dueMs: this.clock.monotonic() + ms, wake };
      this.waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.arm();
    });
  }

  /** Ends every pause now, with an error: nothing goes round and round after the end. */
  close(): void {
    this.isClosed = true;
    for (const { wake } of [...this.waiters]) wake(closed());
    this.disarm();
  }

  private arm(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.waiters) nextMs = Math.min(nextMs, dueMs);
    if (nextMs >= this.armedForMs || nextMs === Number.POSITIVE_INFINITY) return;
    this.disarm();
    this.armedForMs = nextMs;
    this.disarm = this.clock.after(Math.max(0, nextMs - this.clock.monotonic()), () => this.ring());
  }

  private ring(): void {
    this.armedForMs = Number.POSITIVE_INFINITY;
    // A timer of Node may come up to a millisecond early.
    const nowMs = this.clock.monotonic() + 1;
    for (const { dueMs, wake } of [...this.waiters]) if (dueMs <= nowMs) wake();
    this.arm();
  }
}

function closed(): ExecGoError {
  return new ExecGoError('unavailable', 'the executor is closed');
}
