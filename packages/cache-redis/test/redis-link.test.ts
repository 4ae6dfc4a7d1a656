import { FakeClock } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { RedisLink } from '../src/redis-link.js';
import { FakeRedis } from './support/fake-redis.js';
import { settle } from './support/make-store.js';

function makeLink() {
  const redis = new FakeRedis();
  const clock = new FakeClock();
  const warnings: string[] = [];
  let lost = 0;
  const link = new RedisLink({
    connect: redis.connect,
    address: 'cache.example:6379',
    keyPrefix: 'p:',
    commandTimeoutMs: 100,
    connectTimeoutMs: 1000,
    probeMinMs: 250,
    probeMaxMs: 10_000,
    onWarning: (message) => warnings.push(message),
    clock,
    onLost: () => {
      lost += 1;
    },
  });
  return { redis, clock, warnings, link, lost: () => lost, read: () => link.run((one) => one.get(['key'])) };
}

describe('RedisLink', () => {
  it('is up once Redis has kept and given back a value, and leaves nothing of that there', async () => {
    const { redis, link, read, warnings } = makeLink();
    expect(link.isUp).toBe(false);
    await link.start();
    expect([link.isUp, redis.data.size, warnings]).toEqual([true, 0, []]);
    expect(await read()).toEqual([null]);
  });

  it('one late command ends the wait of all of them, and nobody waits any more', async () => {
    const { redis, clock, link, read, warnings, lost } = makeLink();
    await link.start();
    redis.holds = () => true;
    const first = read().catch((error: Error) => error.message);
    await clock.advance(60);
    const second = read().catch((error: Error) => error.message);
    await clock.advance(39);
    expect(link.isUp).toBe(true);
    await clock.advance(1);
    expect(await Promise.all([first, second])).toEqual(Array(2).fill('Redis: no answer within 100 ms'));
    expect([link.isUp, lost(), redis.connections]).toEqual([false, 1, 0]);
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
    expect(warnings).toEqual([
      'the cache is off: Redis at cache.example:6379: no answer within 100 ms; tasks are read from the store until it is well again',
    ]);
  });

  it('an answer that is here by the time that a busy process looks is not late', async () => {
    const { redis, clock, link } = makeLink();
    await link.start();
    redis.holds = (command) => command === 'get';
    const answer = link.run((one) => one.get(['key']));
    // The timer fires in one turn of the event loop, the socket is read in the same one, after it.
    const late = clock.advance(100);
    await redis.next().deliver();
    await late;
    expect(await answer).toEqual([null]);
    expect(link.isUp).toBe(true);
  });

  it('a command that fails ends the connection, and so does the other side', async () => {
    const { redis, clock, link, read, lost } = makeLink();
    await link.start();
    redis.fails = (command) => (command === 'get' ? 'OOM' : undefined);
    await expect(read()).rejects.toThrow('Redis: OOM');
    redis.fails = () => undefined;
    await clock.advance(250);
    expect(link.isUp).toBe(true);
    redis.cut();
    expect([link.isUp, lost()]).toEqual([false, 2]);
  });

  it('probes one at a time, with pauses that double up to the longest, and warns once', async () => {
    const { redis, clock, link, warnings } = makeLink();
    redis.fails = () => 'ECONNREFUSED';
    await link.start();
    const at: number[] = [];
    for (let seen = redis.log.length; at.length < 8; seen = redis.log.length) {
      await clock.advanceToNext();
      if (redis.log.length > seen) at.push(clock.monotonic());
    }
    const pauses = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(warnings).toHaveLength(1);
    redis.fails = () => undefined;
    await clock.advance(10_000);
    expect(link.isUp).toBe(true);
    redis.cut();
    expect(warnings).toHaveLength(2);
  });

  it('one that comes and goes is asked less and less; one that stayed gets a fresh start', async () => {
    const { redis, clock, link } = makeLink();
    await link.start();
    for (const pause of [250, 500, 1000]) {
      redis.cut();
      await clock.advance(pause - 1);
      expect(link.isUp).toBe(false);
      await clock.advance(1);
      expect(link.isUp).toBe(true);
    }
    await clock.advance(10_000);
    redis.cut();
    await clock.advance(250);
    expect(link.isUp).toBe(true);
  });

  it('a Redis that accepts the connection and says nothing is given up after connectTimeoutMs, and its connection ended', async () => {
    const { redis, clock, link, warnings } = makeLink();
    redis.holds = (command) => command === 'set';
    const started = link.start();
    await clock.advance(1000);
    await started;
    expect([link.isUp, redis.connections]).toEqual([false, 0]);
    expect(warnings[0]).toContain('no answer within 1000 ms');
  });

  it('a Redis that cannot keep anything does not count as up', async () => {
    const { redis, link, warnings } = makeLink();
    redis.fails = (command) =>
      command === 'set' ? 'READONLY You can’t write against a read only replica.' : undefined;
    await link.start();
    expect([link.isUp, redis.connections]).toEqual([false, 0]);
    expect(warnings[0]).toContain('READONLY');
  });

  it.each(['connect', 'set', 'get'] as const)(
    'stopped in the midst of a probe (%s), it leaves no connection and no timer',
    async (step) => {
      const { redis, clock, link, warnings } = makeLink();
      redis.holds = (command) => command === step;
      const started = link.start();
      await settle();
      link.stop();
      await started;
      await redis.next(step).deliver();
      await settle();
      expect([link.isUp, redis.connections, clock.pendingTimers, warnings]).toEqual([false, 0, 0, []]);
    },
  );

  it('stopped while up or down, it rejects what is under way and leaves no connection and no timer', async () => {
    const { redis, clock, link, read } = makeLink();
    await link.start();
    redis.holds = () => true;
    const answer = read();
    link.stop();
    await expect(answer).rejects.toThrow('the cache was closed');
    expect([redis.connections, clock.pendingTimers]).toEqual([0, 0]);
    redis.holds = () => false;
    redis.fails = () => 'gone';
    await link.start();
    link.stop();
    link.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('a late answer of a connection that was given up changes nothing', async () => {
    const { redis, clock, link, read } = makeLink();
    await link.start();
    redis.holds = (command) => command === 'get';
    const answer = read().catch((error: Error) => error.message);
    await clock.advance(100);
    await answer;
    redis.holds = () => false;
    await clock.advance(250);
    expect(link.isUp).toBe(true);
    await redis.next().fail('too late');
    expect(link.isUp).toBe(true);
  });
});
