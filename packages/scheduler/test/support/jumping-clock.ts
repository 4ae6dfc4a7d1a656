import type { Clock } from '@execgo/core';

interface Timer {
  readonly due: number;
  readonly fn: () => void;
}

/**
 * A clock that goes forward in jumps, as a process sees it whose event loop was blocked or whose machine slept: every timer
 * that fell due in between fires at the end of the jump, and finds that it is late. Times may have fractions.
 */
export class JumpingClock implements Clock {
  private time: number;
  private readonly timers = new Set<Timer>();

  constructor(startMs = 0) {
    this.time = startMs;
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  get pendingTimers(): number {
    return this.timers.size;
  }

  /** As the system's clock: a delay past 2^31 − 1 is cut, so the timer fires too early. */
  after(ms: number, fn: () => void): () => void {
    const timer = { due: this.time + Math.min(Math.max(0, ms), 2 ** 31 - 1), fn };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  }

  turn(fn: () => void): void {
    fn();
  }

  /** All of the time passes at once, then what is due fires. */
  jump(ms: number): void {
    this.time += ms;
    this.fireDue(this.time);
  }

  /** Time passes from timer to timer. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.next(); next !== undefined && next.due <= end; next = this.next()) {
      this.time = Math.max(this.time, next.due);
      this.fire(next);
    }
    this.time = end;
  }

  private fireDue(until: number): void {
    for (let next = this.next(); next !== undefined && next.due <= until; next = this.next()) this.fire(next);
  }

  private fire(timer: Timer): void {
    this.timers.delete(timer);
    timer.fn();
  }

  private next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) if (next === undefined || timer.due < next.due) next = timer;
    return next;
  }
}
