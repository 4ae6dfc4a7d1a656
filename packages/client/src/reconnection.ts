import { delayMs, isTransient, type ResolvedRetry } from './retry-policy.js';
import { sleep } from './sleep.js';

/**
 * Decides how long something that lasts is begun again: until the server was heard of, as often as any request is tried; from
 * then on for as long as `reconnectMs` after it was last heard of.
 */
export class Reconnection {
  private failures = 0;
  private lastContact: number | undefined;

  constructor(private readonly retry: ResolvedRetry) {}

  /** The server was heard of. */
  readonly contact = (): void => {
    this.failures = 0;
    this.lastContact = performance.now();
  };

  /**
   * Pauses before the next try.
   *
   * @param longestMs the pause is no longer than that @default as the options say
   * @throws the error, where there is to be none; the signal's reason
   */
  async pause(error: unknown, signal: AbortSignal | undefined, longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    signal?.throwIfAborted();
    this.failures += 1;
    if (!isTransient(error) || this.isOver()) throw error;
    await sleep(Math.min(delayMs(this.failures, error, this.retry), longestMs), signal);
  }

  private isOver(): boolean {
    const { attempts, reconnectMs } = this.retry;
    if (this.lastContact === undefined) return this.failures > attempts;
    return performance.now() - this.lastContact >= reconnectMs;
  }
}
