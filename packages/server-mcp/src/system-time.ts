import type { Clock } from '@execgo/core';

/** What the server reads time from: a `Clock` fits. */
export type McpClock = Pick<Clock, 'monotonic' | 'after' | 'turn'>;

/** The time of this process. Its timers do not keep the process alive. */
export const systemTime: McpClock = {
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
