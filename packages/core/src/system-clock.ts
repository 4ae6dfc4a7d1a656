import type { Clock } from './ports/clock.js';

/** The longest delay setTimeout takes; beyond, it would fire at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

function startTimer(ms: number, fn: () => void) {
  return setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMEOUT_MS));
}

/** The clock of this machine. A timer keeps the process alive until it has fired. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = startTimer(ms, fn);
    return () => clearTimeout(timer);
  },
  turn(fn) {
    setImmediate(fn);
  },
};

/** The same, for what goes on beside the work of a process: its timers do not keep the process alive. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, fn) {
    const timer = startTimer(ms, fn);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
