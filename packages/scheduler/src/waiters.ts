import type { ExecGoError, WaitOptions } from '@execgo/core';
import type { DeadlineWheel } from './deadline-wheel.js';

/** One who waits: answered once, later answers do nothing. */
export interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Who waits for what, by key. A wait ends with a value, with its time (undefined), or with its signal. */
export class Waiters<T> {
  private readonly waiting = new Map<string, Set<Waiter<T | undefined>>>();

  constructor(private readonly wheel: DeadlineWheel) {}

  get size(): number {
    return this.waiting.size;
  }

  has(key: string): boolean {
    return this.waiting.has(key);
  }

  async wait(key: string, { timeoutMs, signal }: WaitOptions): Promise<T | undefined> {
    signal?.throwIfAborted();
    let waiter: Waiter<T | undefined> | undefined;
    const ended = new Promise<T | undefined>((resolve, reject) => {
      waiter = { resolve, reject };
    });
    const mine = waiter as Waiter<T | undefined>;
    const set = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, set.add(mine));
    const deadline = timeoutMs === undefined ? undefined : this.wheel.add(timeoutMs, () => mine.resolve(undefined));
    const onAbort = () => mine.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      return await ended;
    } finally {
      this.wheel.cancel(deadline);
      signal?.removeEventListener('abort', onAbort);
      set.delete(mine);
      if (set.size === 0 && this.waiting.get(key) === set) this.waiting.delete(key);
    }
  }

  resolve(key: string, value: T): void {
    for (const waiter of this.take(key)) waiter.resolve(value);
  }

  rejectAll(error: ExecGoError): void {
    for (const key of [...this.waiting.keys()]) for (const waiter of this.take(key)) waiter.reject(error);
  }

  /** Hands over those who wait for a key now: they are the caller's to answer, and who comes later waits for the next time. */
  take(key: string): ReadonlySet<Waiter<T>> {
    const taken = this.waiting.get(key) ?? new Set();
    this.waiting.delete(key);
    return taken;
  }
}
