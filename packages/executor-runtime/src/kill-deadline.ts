import type { RuntimeClock } from './options.js';

/**
 * When an aborted run is given up. The time counts from the abort, whatever is under way then: the scheduler counts from there too,
 * until it abandons an attempt.
 */
export class KillDeadline {
  private readonly over = new AbortController();
  private cancel: (() => void) | undefined;
  private readonly begin: () => void;

  constructor(
    private readonly attempt: AbortSignal,
    clock: RuntimeClock,
    waitMs: number,
  ) {
    this.begin = () => {
      this.cancel = clock.after(waitMs, () => this.over.abort());
    };
    if (attempt.aborted) this.begin();
    else attempt.addEventListener('abort', this.begin, { once: true });
  }

  /** Aborts so long after the abort of the attempt, and never without one. */
  get signal(): AbortSignal {
    return this.over.signal;
  }

  release(): void {
    this.attempt.removeEventListener('abort', this.begin);
    this.cancel?.();
  }
}
