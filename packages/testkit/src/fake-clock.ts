import { type Clock, ConfigError, ExecGoError, errorMessage } from '@execgo/core';

export interface FakeClockOptions {
  /** Wall-clock time at the start, epoch milliseconds. @default 2026-01-01T00:00:00Z */
  readonly startMs?: number;
  /** `auto` runs turns on the real event loop, `manual` only when the test asks for them. @default 'auto' */
  readonly turns?: 'auto' | 'manual';
  /** Real turns of the event loop without a queued turn before `settle` believes that nothing more comes. @default 3 */
  readonly quietTurns?: number;
  /** Turns that one `settle` waits for before it reports a loop without end. @default 10,000,000 */
  readonly maxTurns?: number;
  /** Real milliseconds that `runUntil` waits while nothing is due before it says that the promise hangs. @default 5,000 */
  readonly stuckAfterMs?: number;
}

const DEFAULTS = {
  startMs: Date.UTC(2026, 0, 1),
  turns: 'auto',
  quietTurns: 3,
  maxTurns: 10_000_000,
  stuckAfterMs: 5_000,
} as const satisfies Required<FakeClockOptions>;

interface Timer {
  readonly dueMs: number;
  readonly fn: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until the test moves it. Timers fire in the order of their time, those of one time in the order
 * they were set, and between any two of them everything that they set off (microtasks, turns) runs to its end: the same test
 * takes the same course each time, as long as nothing in it does real I/O.
 *
 * Turns run on the real event loop, so that a store or an executor with real I/O works under it too; such a test awaits what
 * the I/O leads to, since `settle` cannot see work that is under way outside this thread.
 */
export class FakeClock implements Clock {
  private readonly options: Required<FakeClockOptions>;
  /** By time, those of one time in the order they were set; cancelled ones stay until they come first. */
  private readonly timers: Timer[] = [];
  private queue: (() => void)[] = [];
  private queuedTurns = 0;
  private turnsRun = 0;
  private elapsedMs = 0;
  private wallMs: number;

  constructor(options: FakeClockOptions = {}) {
    this.options = { ...DEFAULTS, ...options };
    this.wallMs = this.options.startMs;
  }

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { dueMs: this.elapsedMs + Math.max(0, ms), fn, cancelled: false };
    this.timers.splice(this.placeFor(timer.dueMs), 0, timer);
    return () => {
      timer.cancelled = true;
    };
  }

  turn(fn: () => void): void {
    this.queuedTurns += 1;
    if (this.options.turns === 'manual') this.queue.push(fn);
    else setImmediate(() => this.runOne(fn));
  }

  /** Timers set and neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.timers.reduce((count, timer) => count + (timer.cancelled ? 0 : 1), 0);
  }

  /** Turns asked for and not run yet. */
  get pendingTurns(): number {
    return this.queuedTurns;
  }

  /** Moves the wall clock alone, as a correction of the system's time does: timers and deadlines do not notice. */
  jump(ms: number): void {
    this.wallMs += ms;
  }

  /** With `turns: 'manual'`: runs what is queued now, not what that queues in its turn. Returns how many turns it ran. */
  runTurn(): number {
    const due = this.queue;
    this.queue = [];
    for (const fn of due) this.runOne(fn);
    return due.length;
  }

  /** Resolves when no turn is queued and the microtasks that the last ones set off have run. Time does not move. */
  async settle(): Promise<void> {
    const giveUpAt = this.turnsRun + this.options.maxTurns;
    for (let quiet = 0; quiet < this.options.quietTurns; ) {
      const before = this.turnsRun;
      this.runTurn();
      await realTurn();
      quiet = this.turnsRun === before && this.queuedTurns === 0 ? quiet + 1 : 0;
      if (this.turnsRun > giveUpAt) {
        throw new ExecGoError('internal', `settle: ${this.options.maxTurns} turns have run and more are queued`);
      }
    }
  }

  /** Lets `ms` milliseconds pass: fires each timer that falls due at its time, settles after each, and at the end. */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new ConfigError('ms', 'milliseconds, 0 or more', ms);
    const target = this.elapsedMs + ms;
    await this.settle();
    for (let timer = this.next(); timer !== undefined && timer.dueMs <= target; timer = this.next()) {
      await this.fire(timer);
    }
    this.moveTo(target);
    await this.settle();
  }

  /** Lets time pass to the next timer, fires it and settles; false when there is none. */
  async advanceToNext(): Promise<boolean> {
    await this.settle();
    const timer = this.next();
    if (timer === undefined) return false;
    await this.fire(timer);
    return true;
  }

  /**
   * Lets as much time pass as it takes for a promise to settle, from timer to timer, and gives its outcome.
   *
   * @throws ExecGoError `internal` when no timer is left and the promise stays pending for `stuckAfterMs` of real time
   */
  async runUntil<T>(promise: PromiseLike<T>): Promise<T> {
    let settled = false;
    const outcome = Promise.resolve(promise).finally(() => {
      settled = true;
    });
    outcome.catch(errorMessage); // Awaited below; until then a rejection must not count as unhandled.
    let idleSince = performance.now();
    for (;;) {
      await this.settle();
      if (settled) return outcome;
      const timer = this.next();
      if (timer !== undefined) {
        await this.fire(timer);
        idleSince = performance.now();
      } else if (performance.now() - idleSince > this.options.stuckAfterMs) {
        throw new ExecGoError('internal', 'runUntil: nothing is due and the promise is still pending');
      }
    }
  }

  private runOne(fn: () => void): void {
    this.queuedTurns -= 1;
    this.turnsRun += 1;
    fn();
  }

  private async fire(timer: Timer): Promise<void> {
    this.timers.shift();
    this.moveTo(Math.max(this.elapsedMs, timer.dueMs));
    timer.fn();
    await this.settle();
  }

  private moveTo(elapsedMs: number): void {
    this.wallMs += elapsedMs - this.elapsedMs;
    this.elapsedMs = elapsedMs;
  }

  private next(): Timer | undefined {
    while (this.timers[0]?.cancelled) this.timers.shift();
    return this.timers[0];
  }

  private placeFor(dueMs: number): number {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timers[middle]?.dueMs ?? 0) <= dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One real turn of the event loop: after it, all microtasks of this one have run. */
function realTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
