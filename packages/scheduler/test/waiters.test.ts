import { ExecGoError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { DeadlineWheel } from '../src/deadline-wheel.js';
import { Waiters } from '../src/waiters.js';
import { JumpingClock } from './support/jumping-clock.js';

function setUp() {
  const clock = new JumpingClock();
  const waiters = new Waiters<string>(new DeadlineWheel(clock));
  return { clock, waiters };
}

describe('Waiters', () => {
  it('gives the value to everybody who waits for the key, and to nobody else', async () => {
    const { waiters } = setUp();
    const waits = [waiters.wait('a', {}), waiters.wait('a', {})];
    const other = waiters.wait('b', { timeoutMs: 1 });
    waiters.resolve('a', 'done');
    expect(await Promise.all(waits)).toEqual(['done', 'done']);
    expect(waiters.has('b')).toBe(true);
    waiters.resolve('b', 'other');
    expect(await other).toBe('other');
  });

  it('ends with undefined when the time is over', async () => {
    const { clock, waiters } = setUp();
    const wait = waiters.wait('a', { timeoutMs: 50 });
    clock.advance(50);
    expect(await wait).toBeUndefined();
    expect(waiters.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends with the reason of its signal', async () => {
    const { clock, waiters } = setUp();
    const controller = new AbortController();
    const wait = waiters.wait('a', { timeoutMs: 50, signal: controller.signal });
    controller.abort('client left');
    await expect(wait).rejects.toBe('client left');
    await expect(waiters.wait('a', { signal: controller.signal })).rejects.toBe('client left');
    expect(waiters.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('a wait that begins while the key is told waits for the next time', async () => {
    const { waiters } = setUp();
    const first = waiters.wait('a', {});
    waiters.resolve('a', 'one');
    const second = waiters.wait('a', {});
    expect(await first).toBe('one');
    expect(waiters.has('a')).toBe(true);
    waiters.resolve('a', 'two');
    expect(await second).toBe('two');
  });

  it('rejects everybody at the end', async () => {
    const { waiters } = setUp();
    const waits = Promise.allSettled(['a', 'a', 'b'].map((key) => waiters.wait(key, {})));
    waiters.rejectAll(new ExecGoError('unavailable', 'over'));
    expect((await waits).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(waiters.size).toBe(0);
  });
});
