import { describe, expect, it } from 'vitest';
import { deferred, FakeClock } from '../src/index.js';

describe('time', () => {
  it('stands still until it is moved, and moves by what was asked', async () => {
    const clock = new FakeClock({ startMs: 1_000 });
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250]);
  });

  it('a jump moves the wall clock alone, and fires nothing', async () => {
    const clock = new FakeClock({ startMs: 1_000 });
    let fired = false;
    clock.after(10, () => {
      fired = true;
    });
    clock.jump(-500);
    await clock.settle();
    expect([clock.now(), clock.monotonic(), fired]).toEqual([500, 0, false]);
  });

  it('refuses to go back', async () => {
    await expect(new FakeClock().advance(-1)).rejects.toThrow('option ms: expected milliseconds, 0 or more, got -1');
  });
});

describe('timers', () => {
  it('fire in the order of their time, those of one time in the order they were set, each at its own time', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const set = (name: string, ms: number) => clock.after(ms, () => fired.push(`${name}@${clock.monotonic()}`));
    set('late', 30);
    set('first', 10);
    set('second', 10);
    set('at once', 0);
    await clock.advance(29);
    expect(fired).toEqual(['at once@0', 'first@10', 'second@10']);
    await clock.advance(1);
    expect(fired).toContain('late@30');
  });

  it('set while time passes fire within the same advance', async () => {
    const clock = new FakeClock();
    const fired: number[] = [];
    const again = () => {
      fired.push(clock.monotonic());
      clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(fired).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(1);
  });

  it('let everything they set off run before the next one fires', async () => {
    const clock = new FakeClock();
    const course: string[] = [];
    clock.after(10, () => {
      clock.turn(() => Promise.resolve().then(() => clock.turn(() => course.push('turn of a turn'))));
    });
    clock.after(10, () => course.push('second timer'));
    await clock.advance(10);
    expect(course).toEqual(['turn of a turn', 'second timer']);
  });

  it('can be cancelled, also by one of the same time', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const cancelFirst = clock.after(5, () => fired.push('cancelled from outside'));
    clock.after(10, () => cancelLast());
    const cancelLast = clock.after(10, () => fired.push('cancelled by its neighbour'));
    cancelFirst();
    await clock.advance(20);
    expect(fired).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('advanceToNext goes from one to the next, and says when there is none', async () => {
    const clock = new FakeClock();
    clock.after(86_400_000 * 365, () => {});
    expect(await clock.advanceToNext()).toBe(true);
    expect(clock.monotonic()).toBe(86_400_000 * 365);
    expect(await clock.advanceToNext()).toBe(false);
  });
});

describe('turns', () => {
  it('settle runs turns until none is queued', async () => {
    const clock = new FakeClock();
    let left = 1_000;
    const next = () => {
      left -= 1;
      if (left > 0) clock.turn(next);
    };
    clock.turn(next);
    await clock.settle();
    expect([left, clock.pendingTurns]).toEqual([0, 0]);
  });

  it('run by themselves, so that real asynchronous work goes on', async () => {
    const clock = new FakeClock();
    const ran = deferred();
    clock.turn(ran.resolve);
    await ran.promise;
    expect(clock.pendingTurns).toBe(0);
  });

  it('in manual mode run only when asked, one turn at a time', async () => {
    const clock = new FakeClock({ turns: 'manual' });
    const course: string[] = [];
    clock.turn(() => {
      course.push('first');
      clock.turn(() => course.push('second'));
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(course).toEqual([]);
    expect(clock.runTurn()).toBe(1);
    expect(course).toEqual(['first']);
    await clock.settle();
    expect(course).toEqual(['first', 'second']);
  });

  it('a loop without end is reported instead of hanging the test', async () => {
    const clock = new FakeClock({ turns: 'manual', maxTurns: 50 });
    const again = () => clock.turn(again);
    clock.turn(again);
    await expect(clock.settle()).rejects.toThrow('settle: 50 turns have run and more are queued');
  });
});

describe('runUntil', () => {
  it('lets as much time pass as a promise needs, and gives its value', async () => {
    const clock = new FakeClock();
    const slow = new Promise((resolve) => clock.after(1_000, () => clock.after(500, () => resolve('done'))));
    expect(await clock.runUntil(slow)).toBe('done');
    expect(clock.monotonic()).toBe(1_500);
  });

  it('gives its rejection, and lets no time pass for one that has settled', async () => {
    const clock = new FakeClock();
    clock.after(10, () => {});
    await expect(clock.runUntil(Promise.reject(new TypeError('no')))).rejects.toThrow('no');
    expect(clock.monotonic()).toBe(0);
  });

  it('reports a promise that nothing will settle', async () => {
    const clock = new FakeClock({ stuckAfterMs: 10 });
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow(
      'nothing is due and the promise is still pending',
    );
  });

  it('waits for real work that no timer stands for', async () => {
    const { readFile } = await import('node:fs/promises');
    const clock = new FakeClock();
    const text = await clock.runUntil(readFile(new URL(import.meta.url), 'utf8'));
    expect(text).toContain('waits for real work');
  });
});
