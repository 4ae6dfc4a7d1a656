import { readFileSync } from 'node:fs';

const NANOSECONDS_PER_MS = 1e6;

export interface LoopWatch {
  /** Milliseconds for which the loop stood still at most, so far: work, and calls that blocked. */
  readonly longestMs: number;
  end(): void;
}

/**
 * Watches how long the event loop of this process stands still. Time in which the thread was ready to run and another one had
 * its core does not count, where Linux tells it: tests share their machine, and that is no property of ours.
 */
export function watchLoop(): LoopWatch {
  let longestMs = 0;
  let last = runMs();
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    const now = runMs();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    timer = setTimeout(tick, 1);
  };
  timer = setTimeout(tick, 1);
  return {
    get longestMs() {
      return longestMs;
    },
    end: () => clearTimeout(timer),
  };
}

/** Time that goes on while the main thread has a core or waits for something else. Both clocks are read at one moment. */
function runMs(): number {
  for (;;) {
    const waited = waitedMs();
    const now = performance.now();
    if (waitedMs() === waited) return now - waited;
  }
}

/** How long the main thread has waited for a core in all; the second number of schedstat. */
function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / NANOSECONDS_PER_MS;
  } catch {
    return 0;
  }
}
