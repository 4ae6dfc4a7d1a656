import { ExecGoError } from '@execgo/core';
import { type Deferred, deferred, FakeClock } from '@execgo/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { backOffMs } from '../src/connection/back-off.js';
import { CallSlots } from '../src/connection/call-slots.js';
import { ServerConnection, type Session } from '../src/connection/server-connection.js';

class FakeSession implements Session {
  onLost?: () => void;
  closed = 0;

  async close(): Promise<void> {
    this.closed += 1;
  }
}

let clock: FakeClock;
let starts: Deferred<FakeSession>[];

beforeEach(() => {
  clock = new FakeClock();
  starts = [];
});

function connection(options: { readonly idleTimeoutMs?: number; readonly connectTimeoutMs?: number } = {}) {
  return new ServerConnection<FakeSession>({
    name: 'one',
    open: () => {
      const start = deferred<FakeSession>();
      starts.push(start);
      return start.promise;
    },
    restart: { maxAttempts: 3, baseMs: 100, maxMs: 1_000 },
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs,
    clock,
    random: () => 1,
  });
}

const failure = (text = 'no') => new ExecGoError('external_failure', text, { retryable: true });
/** The message of a rejection. */
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it was not refused'),
    (error: Error) => error.message,
  );

async function failStarts(one: ServerConnection<FakeSession>, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) {
    const waiting = refusal(one.lease());
    await clock.advance(1_000);
    starts.at(-1)?.reject(failure());
    await waiting;
  }
}

describe('one start', () => {
  it('is made when a session is first needed, and shared by all who wait', async () => {
    const one = connection();
    expect(one.stateName).toBe('idle');
    const leases = [one.lease(), one.lease(), one.lease()];
    expect(one.stateName).toBe('connecting');
    expect(starts).toHaveLength(1);
    const session = new FakeSession();
    starts[0]?.resolve(session);
    for (const lease of leases) expect((await lease).session).toBe(session);
    expect(one.stateName).toBe('ready');
  });

  it('an abort takes away one who waits, not the start', async () => {
    const one = connection();
    const controller = new AbortController();
    const gone = refusal(one.lease(controller.signal));
    const stays = one.lease();
    controller.abort(failure('aborted'));
    expect(await gone).toBe('aborted');
    starts[0]?.resolve(new FakeSession());
    await stays;
  });
});

describe('starts that fail', () => {
  it('are followed by waits that double, then the server is broken for maxMs', async () => {
    const one = connection();
    await failStarts(one, 1);
    expect(one.stateName).toBe('backoff');
    expect(one.trouble?.message).toBe('no');
    const second = refusal(one.lease());
    await clock.advance(99);
    expect(starts).toHaveLength(1);
    await clock.advance(1);
    expect(starts).toHaveLength(2);
    starts[1]?.reject(failure());
    await second;
    const third = refusal(one.lease());
    await clock.advance(199);
    expect(starts).toHaveLength(2);
    await clock.advance(1);
    starts[2]?.reject(failure('for good'));
    await third;
    expect(one.stateName).toBe('broken');
    expect(await refusal(one.lease())).toContain('is broken');
    expect(starts).toHaveLength(3);
    await clock.advance(999);
    expect(await refusal(one.lease())).toContain('for good');
    await clock.advance(1);
    const again = one.lease();
    expect(starts).toHaveLength(4);
    starts[3]?.resolve(new FakeSession());
    await again;
    expect(one.stateName).toBe('ready');
    expect(one.trouble).toBeUndefined();
  });

  it('broken: the one new try that fails makes it broken again', async () => {
    const one = connection();
    await failStarts(one, 3);
    expect(one.stateName).toBe('broken');
    await clock.advance(1_000);
    const attempt = refusal(one.lease());
    starts.at(-1)?.reject(failure());
    await attempt;
    expect(one.stateName).toBe('broken');
  });

  it('a success forgets them', async () => {
    const one = connection();
    await failStarts(one, 2);
    await clock.advance(1_000);
    const lease = one.lease();
    const session = new FakeSession();
    starts.at(-1)?.resolve(session);
    (await lease).release();
    session.onLost?.();
    await failStarts(one, 1);
    expect(one.stateName).toBe('backoff');
  });

  it('nobody waits longer than connectTimeoutMs', async () => {
    const one = connection({ connectTimeoutMs: 50 });
    await failStarts(one, 1);
    expect(await refusal(one.lease())).toContain('is backing off');
    expect(clock.pendingTimers).toBe(0);
  });

  it('an abort ends the wait', async () => {
    const one = connection();
    await failStarts(one, 1);
    const controller = new AbortController();
    const waiting = refusal(one.lease(controller.signal));
    await clock.settle();
    controller.abort(failure('aborted'));
    expect(await waiting).toBe('aborted');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a session', () => {
  async function ready(one: ServerConnection<FakeSession>) {
    const session = new FakeSession();
    const lease = one.lease();
    starts.at(-1)?.resolve(session);
    return { session, lease: await lease };
  }

  it('that is lost is closed when the last who holds it has given it back; the next gets a new one', async () => {
    const one = connection();
    const { session, lease } = await ready(one);
    session.onLost?.();
    expect(one.stateName).toBe('idle');
    expect(session.closed).toBe(0);
    const { session: next } = await ready(one);
    expect(next).not.toBe(session);
    lease.release();
    lease.release();
    expect(session.closed).toBe(1);
  });

  it('that is retired goes on for those who hold it', async () => {
    const one = connection();
    const { session, lease } = await ready(one);
    const other = await one.lease();
    lease.retire();
    lease.release();
    expect(session.closed).toBe(0);
    other.release();
    expect(session.closed).toBe(1);
  });

  it('that is idle for idleTimeoutMs is closed', async () => {
    const one = connection({ idleTimeoutMs: 500 });
    const { session, lease } = await ready(one);
    await clock.advance(1_000);
    expect(session.closed).toBe(0);
    lease.release();
    await clock.advance(499);
    (await one.lease()).release();
    await clock.advance(499);
    expect(session.closed).toBe(0);
    await clock.advance(1);
    expect(session.closed).toBe(1);
    expect(one.stateName).toBe('idle');
  });
});

describe('close', () => {
  it('ends the session, refuses who comes later, and leaves no timer', async () => {
    const one = connection({ idleTimeoutMs: 500 });
    const lease = one.lease();
    const session = new FakeSession();
    starts[0]?.resolve(session);
    (await lease).release();
    await one.close();
    expect(session.closed).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    expect(await refusal(one.lease())).toContain('closed');
  });

  it('ends a start that is under way', async () => {
    const one = connection();
    const lease = refusal(one.lease());
    const closed = one.close();
    const session = new FakeSession();
    starts[0]?.resolve(session);
    await closed;
    expect(await lease).toContain('closed');
    expect(session.closed).toBe(1);
  });

  it('ends the wait of those who wait for the next start', async () => {
    const one = connection();
    await failStarts(one, 1);
    const waiting = refusal(one.lease());
    await clock.settle();
    await one.close();
    expect(await waiting).toContain('closed');
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('backOffMs', () => {
  it('doubles up to the limit, between a half and the whole', () => {
    const limits = { baseMs: 100, maxMs: 1_000 };
    expect([1, 2, 3, 4, 5, 2_000].map((n) => backOffMs(n, limits, () => 1))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backOffMs(1, limits, () => 0)).toBe(50);
  });
});

describe('CallSlots', () => {
  it('never runs more at once, and keeps the order', async () => {
    const slots = new CallSlots(2);
    const { signal } = new AbortController();
    const done: number[] = [];
    let running = 0;
    let most = 0;
    const work = (id: number) => async () => {
      running += 1;
      most = Math.max(most, running);
      await clock.settle();
      running -= 1;
      done.push(id);
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map((id) => slots.run(signal, work(id))));
    expect(most).toBe(2);
    expect(done).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a failure gives its slot on', async () => {
    const slots = new CallSlots(1);
    const { signal } = new AbortController();
    await expect(slots.run(signal, () => Promise.reject(failure()))).rejects.toThrow('no');
    expect(await slots.run(signal, async () => 'free')).toBe('free');
  });
});
