import type { ServerClock } from './server-options.js';

/** The time of this process. Its timers do not keep the process alive. */
export const systemTime: ServerClock = {
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  turn(fn) {
    setImmediate(fn);
  },
};
