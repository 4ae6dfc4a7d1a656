import type { RuntimeClock } from './options.js';

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Pauses of any number of runs on one timer of the clock. */
export class SharedTimer {
  private readonly waiters = new Set<Waiter>();
  private armedForMs = Number.POSITIVE_INFINITY;
  private disarm: () => void = () => undefined;

  constructor(private readonly clock: RuntimeClock) {}

  /** Resolves after the time, or as soon as the signal aborts: then too. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.waiters.delete(waiter);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const waiter: Waiter = { dueMs: this.clock.monotonic() + ms, wake };
      this.waiters.add(waiter);
      signal?.addEventListener('abort', wake, { once: true });
      this.arm();
    });
  }

  /** Ends every pause now. */
  close(): void {
    for (const { wake } of [...this.waiters]) wake();
    this.disarm();
    this.armedForMs = Number.POSITIVE_INFINITY;
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
