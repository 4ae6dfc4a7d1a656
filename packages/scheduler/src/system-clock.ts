import { performance } from 'node:perf_hooks';
import type { Clock } from '@execgo/core';

/** The longest delay setTimeout takes; beyond, it would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMEOUT_MS));
    return () => clearTimeout(timer);
  },
  turn(fn) {
    setImmediate(fn);
  },
};
