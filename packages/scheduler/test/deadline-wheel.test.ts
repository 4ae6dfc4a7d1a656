import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deadline, DeadlineWheel } from '../src/deadline-wheel.js';
import { JumpingClock } from './support/jumping-clock.js';

function wheelAt(startMs = 0) {
  const clock = new JumpingClock(startMs);
  const wheel = new DeadlineWheel(clock);
  const fired: string[] = [];
  return { clock, wheel, fired, add: (name: string, ms: number) => wheel.add(ms, () => fired.push(name)) };
}

describe('DeadlineWheel', () => {
  it('fires at its millisecond, not before', () => {
    const { clock, fired, add } = wheelAt();
    add('a', 100);
    clock.advance(99.9);
    expect(fired).toEqual([]);
    clock.advance(0.1);
    expect(fired).toEqual(['a']);
  });

  it('fires what a jump passed over, in order of time, each once', () => {
    const { clock, fired, add } = wheelAt();
    for (const ms of [70_000, 5, 300, 64, 4096, 63]) add(String(ms), ms);
    clock.jump(10_000_000);
    expect(fired).toEqual(['5', '63', '64', '300', '4096', '70000']);
    clock.jump(10_000_000);
    expect(fired).toHaveLength(6);
  });

  it('reaches beyond 2^31 ms, where setTimeout would fire at once, and beyond its own 2^36', () => {
    const { clock, fired, add } = wheelAt(123.4);
    add('month', 2 ** 31 + 7);
    add('decade', 10 * 365 * 86_400_000);
    clock.advance(2 ** 31 + 6);
    expect(fired).toEqual([]);
    clock.advance(2);
    expect(fired).toEqual(['month']);
    clock.advance(10 * 365 * 86_400_000 - 2 ** 31 - 10);
    expect(fired).toEqual(['month']);
    clock.advance(3);
    expect(fired).toEqual(['month', 'decade']);
  });

  it('fires many of one millisecond in the order they were added', () => {
    const { clock, fired, add } = wheelAt();
    for (let at = 0; at < 100; at += 1) add(String(at), 500);
    clock.advance(500);
    expect(fired).toEqual(Array.from({ length: 100 }, (_, at) => String(at)));
  });

  it('a callback may cancel what is due with it', () => {
    const { clock, wheel, fired, add } = wheelAt();
    let second: Deadline | undefined;
    wheel.add(10, () => wheel.cancel(second));
    second = add('second', 10);
    clock.jump(50);
    expect(fired).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([0, 1, 63, 64, 5000])(
    'a callback may add a deadline %i ms away: it fires within a millisecond of its time',
    (ms) => {
      const { clock, wheel } = wheelAt();
      let firedAt = -1;
      wheel.add(100, () => {
        wheel.add(ms, () => {
          firedAt = clock.monotonic();
        });
      });
      clock.advance(100_000);
      expect(firedAt).toBeGreaterThanOrEqual(100 + ms);
      expect(firedAt).toBeLessThanOrEqual(100 + ms + 1);
    },
  );

  it('a callback that always adds another one for at once does not keep the event loop', () => {
    const { clock, wheel } = wheelAt();
    let calls = 0;
    const again = () => {
      calls += 1;
      wheel.add(0, again);
    };
    wheel.add(0, again);
    clock.advance(50);
    expect(calls).toBeGreaterThan(10);
    expect(calls).toBeLessThan(110);
  });

  it('sets no timer while nothing is due, and one however many are', () => {
    const { clock, wheel, add } = wheelAt();
    expect(clock.pendingTimers).toBe(0);
    const deadlines = Array.from({ length: 1000 }, (_, at) => add(String(at), 1 + ((at * 7919) % 100_000)));
    expect(clock.pendingTimers).toBe(1);
    for (const deadline of deadlines) wheel.cancel(deadline);
    expect(clock.pendingTimers).toBe(0);
  });

  it('cancelling twice, after firing, or nothing, does nothing', () => {
    const { clock, wheel, fired, add } = wheelAt();
    const early = add('early', 1);
    const late = add('late', 100);
    clock.advance(5);
    wheel.cancel(early);
    wheel.cancel(undefined);
    const gone = add('gone', 50);
    wheel.cancel(gone);
    wheel.cancel(gone);
    clock.advance(200);
    expect(fired).toEqual(['early', 'late']);
    expect(late.pending).toBe(false);
  });

  it('clear forgets everything', () => {
    const { clock, wheel, fired, add } = wheelAt();
    add('a', 10);
    add('b', 1_000_000);
    wheel.clear();
    clock.advance(2_000_000);
    expect(fired).toEqual([]);
    add('c', 10);
    clock.advance(10);
    expect(fired).toEqual(['c']);
  });
});

type Command =
  | {
      readonly do: 'add';
      readonly ms: number;
      readonly thenAdd: number | undefined;
      readonly thenCancel: number | undefined;
    }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'jump' | 'advance'; readonly ms: number };

const delay = fc.oneof(
  fc.constantFrom(0, 1, 63, 64, 65, 4095, 4096, 4097, 262_144, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 36, 2 ** 37),
  fc.nat({ max: 200 }),
  fc.nat({ max: 100_000 }),
  fc.double({ min: 0, max: 5000, noNaN: true }),
);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      ms: delay,
      thenAdd: fc.option(delay, { nil: undefined, freq: 4 }),
      thenCancel: fc.option(fc.nat({ max: 40 }), { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat({ max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('jump' as const, 'advance' as const), ms: delay }) },
);

interface Entry {
  readonly due: number;
  readonly deadline: Deadline;
  state: 'waiting' | 'fired' | 'cancelled';
}

/** Drives a wheel, and beside it the plain list of what it was told. */
class Model {
  readonly entries: Entry[] = [];
  readonly problems: string[] = [];
  private readonly clock: JumpingClock;
  private readonly wheel: DeadlineWheel;

  constructor(startMs: number) {
    this.clock = new JumpingClock(startMs);
    this.wheel = new DeadlineWheel(this.clock);
  }

  run(step: Command): void {
    if (step.do === 'add') this.add(step.ms, step.thenAdd, step.thenCancel);
    else if (step.do === 'cancel') this.cancel(step.which);
    else this.clock[step.do](step.ms);
    this.check();
  }

  finish(): void {
    this.clock.advance(2 ** 40);
    this.check();
    if (this.clock.pendingTimers > 0) this.problems.push('a timer is left');
  }

  private add(ms: number, thenAdd?: number, thenCancel?: number): void {
    const deadline = this.wheel.add(ms, () => {
      if (entry.state !== 'waiting') this.problems.push(`${entry.state}, and fired`);
      if (this.clock.monotonic() < entry.due)
        this.problems.push(`fired early, at ${this.clock.monotonic()} not ${entry.due}`);
      entry.state = 'fired';
      if (thenCancel !== undefined) this.cancel(thenCancel);
      if (thenAdd !== undefined) this.add(thenAdd);
    });
    const entry: Entry = { due: this.clock.monotonic() + ms, deadline, state: 'waiting' };
    this.entries.push(entry);
  }

  private cancel(which: number): void {
    const entry = this.entries[which];
    if (entry === undefined) return;
    this.wheel.cancel(entry.deadline);
    if (entry.state === 'waiting') entry.state = 'cancelled';
  }

  /** A deadline is at a whole millisecond, and one that a callback adds may have to wait for the next. */
  private check(): void {
    for (const { due, state } of this.entries) {
      if (state === 'waiting' && Math.ceil(due) + 1 <= this.clock.monotonic()) {
        this.problems.push(`due at ${due}, not fired at ${this.clock.monotonic()}`);
      }
    }
  }
}

describe('DeadlineWheel against a plain list', () => {
  it('whatever is added, cancelled and skipped over: never early, at most a millisecond late, none lost, none twice', () => {
    const start = fc.double({ min: 0, max: 2 ** 33, noNaN: true });
    fc.assert(
      fc.property(start, fc.array(command, { maxLength: 60 }), (startMs, steps) => {
        const model = new Model(startMs);
        for (const step of steps) model.run(step);
        model.finish();
        expect(model.problems).toEqual([]);
        expect(model.entries.filter(({ state }) => state === 'waiting')).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
