import { ExecGoError, MemoryStore, type Task, type TaskStore } from '@execgo/core';
import { deferred, FakeClock, ODD_IDS } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import { CarelessIndex, LateFillIndex } from './support/careless-index.js';
import { FakeRedis } from './support/fake-redis.js';
import { makeStore, settle } from './support/make-store.js';

/** A store whose reads can be held up after they have seen the state, as those of a slow one are. */
function slowStore() {
  const inner = new MemoryStore();
  let gate: Promise<void> | undefined;
  const getMany = vi.fn(async (ids: readonly string[]) => {
    const seen = await inner.getMany(ids);
    await gate;
    return seen;
  });
  const store: TaskStore = new Proxy(inner, {
    get: (target, name: keyof TaskStore) => (name === 'getMany' ? getMany : target[name].bind(target as never)),
  });
  return {
    store,
    getMany,
    hold: () => {
      const held = deferred();
      gate = held.promise;
      return () => {
        gate = undefined;
        held.resolve();
        return settle();
      };
    },
  };
}

const opened = async (...args: Parameters<typeof makeStore>) => {
  const made = makeStore(...args);
  await made.store.open();
  return made;
};

describe('what is cached', () => {
  it('a finished task: the second read does not ask the store, and is equal to the first', async () => {
    const redis = new FakeRedis();
    const slow = slowStore();
    const { store, get, finish } = await opened(redis.connect, { store: slow.store });
    await finish('a', 1);
    const first = await get('a');
    await settle();
    expect(await get('a')).toEqual(first);
    expect(first?.result).toBe(1);
    expect(slow.getMany).toHaveBeenCalledTimes(1);
    expect(store.stats()).toEqual({ state: 'up', hits: 1, misses: 1, errors: 0, bypassed: 0 });
  });

  it('not one that waits or runs, nor one that is absent: Redis is not even asked', async () => {
    const redis = new FakeRedis();
    const { store, make, get } = await opened(redis.connect);
    await store.append([make.submitted('a'), make.submitted('b'), make.started('b')]);
    const before = redis.log.length;
    for (const id of ['a', 'b', 'c', 'a', 'b', 'c']) await get(id);
    await settle();
    expect([redis.log.length, redis.data.size]).toEqual([before, 0]);
    expect(store.stats()).toMatchObject({ hits: 0, misses: 6 });
  });

  it('not one that is too large', async () => {
    const redis = new FakeRedis();
    const { store, make, get } = await opened(redis.connect, { maxValueBytes: 1000 });
    await store.append([make.submitted('a'), make.started('a'), make.succeeded('a', 'x'.repeat(1000))]);
    await store.append([make.submitted('b'), make.started('b'), make.succeeded('b', '\u0001'.repeat(200))]);
    await store.append([make.submitted('c'), make.started('c'), make.succeeded('c', 'x'.repeat(200))]);
    for (const id of ['a', 'b', 'c']) await get(id);
    await settle();
    expect(redis.data.size).toBe(1);
    expect((await get('a'))?.result).toHaveLength(1000);
  });

  it('with the time to live and the prefix that were asked for', async () => {
    const redis = new FakeRedis();
    const { get, finish } = await opened(redis.connect, { ttlSec: 7, keyPrefix: 'mine/' });
    await finish('a', 1);
    await get('a');
    await settle();
    expect([...redis.data.keys()]).toEqual([expect.stringMatching(/^mine\/task:[\da-f-]{36}:\d+$/)]);
    expect(redis.ttlSec).toBe(7);
  });

  it('any id, also what no UTF-8 can hold', async () => {
    const redis = new FakeRedis();
    const { store, get, finish } = await opened(redis.connect);
    const ids = [...ODD_IDS, 'half \ud800', 'half \ud801'];
    for (const [at, id] of ids.entries()) await finish(id, at);
    for (let round = 0; round < 2; round += 1) {
      for (const [at, id] of ids.entries()) {
        expect(await get(id)).toMatchObject({ id, result: at });
        await settle();
      }
    }
    expect(store.stats().hits).toBe(ids.length);
  });

  it('a mixed read asks each where it is, in order, also for one id twice', async () => {
    const redis = new FakeRedis();
    const { store, get, finish } = await opened(redis.connect);
    for (const [at, id] of ['a', 'b', 'c'].entries()) await finish(id, at);
    await get('b');
    await settle();
    const found = await store.getMany(['a', 'b', 'missing', 'b', 'a', 'c']);
    expect(found.map((task) => task?.result)).toEqual([0, 1, undefined, 1, 0, 2]);
    expect(store.stats().hits).toBe(2);
  });

  it('a read of more than maxIdsPerRead ids goes to the store alone', async () => {
    const redis = new FakeRedis();
    const { store, finish } = await opened(redis.connect, { maxIdsPerRead: 2 });
    for (const id of ['a', 'b', 'c']) await finish(id, 1);
    for (let round = 0; round < 2; round += 1) expect(await store.getMany(['a', 'b', 'c'])).toHaveLength(3);
    expect([store.stats().bypassed, redis.data.size]).toEqual([6, 0]);
  });
});

describe('no wrong answer', () => {
  it('a task that is replaced is not read from Redis any more from the moment the append is called', async () => {
    const redis = new FakeRedis();
    const { store, make, get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    const append = store.append([make.submitted('a')]);
    const gets = redis.log.filter((command) => command === 'get').length;
    expect((await get('a'))?.status).toBe('pending');
    await append;
    expect((await get('a'))?.status).toBe('pending');
    expect(redis.log.filter((command) => command === 'get')).toHaveLength(gets);
  });

  it('a deleted task is gone from Redis too', async () => {
    const redis = new FakeRedis();
    const { store, make, get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    await store.append([make.deleted('a')]);
    await settle();
    expect([await get('a'), redis.data.size]).toEqual([undefined, 0]);
  });

  it('it does not matter that the removal from Redis was lost', async () => {
    const redis = new FakeRedis();
    const { store, make, get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    redis.holds = (command) => command === 'remove';
    await store.append([make.deleted('a')]);
    expect([await get('a'), redis.data.size]).toEqual([undefined, 1]);
    await finish('a', 2);
    for (let round = 0; round < 3; round += 1) {
      expect((await get('a'))?.result).toBe(2);
      await settle();
    }
  });

  it.each([
    ['the index', undefined, 2],
    ['an index that lets late fills in (the control)', LateFillIndex, 1],
  ] as const)('a fill that was read before an append and comes after it: %s', async (_, Index, expected) => {
    const redis = new FakeRedis();
    const slow = slowStore();
    const { get, finish } = await opened(
      redis.connect,
      { store: slow.store },
      Index && ((limits) => new Index(limits)),
    );
    await finish('a', 1);
    const release = slow.hold();
    const early = get('a');
    await settle();
    await finish('a', 2);
    await release();
    expect((await early)?.result).toBe(1);
    expect((await get('a'))?.result).toBe(expected);
  });

  it('a fill whose answer comes after an append does not count, and its value is removed', async () => {
    const redis = new FakeRedis();
    const { get, finish } = await opened(redis.connect);
    await finish('a', 1);
    redis.holds = (command) => command === 'set';
    await get('a');
    await finish('a', 2);
    await redis.next().deliver();
    redis.holds = () => false;
    expect((await get('a'))?.result).toBe(2);
    await settle();
    expect([...redis.data.values()].map((text) => JSON.parse(text).task.result)).toEqual([2]);
  });

  it.each([
    ['the index', undefined, 2],
    ['an index that forgets nothing (the control)', CarelessIndex, 1],
  ] as const)('an answer of Redis that comes after an append: %s', async (_, Index, expected) => {
    const redis = new FakeRedis();
    const { get, finish } = await opened(redis.connect, {}, Index && ((limits) => new Index(limits)));
    await finish('a', 1);
    await get('a');
    await settle();
    redis.holds = (command) => command === 'get';
    const reading = get('a');
    await settle();
    await finish('a', 2);
    await redis.next().deliver();
    expect((await reading)?.result).toBe(expected);
  });

  it('an answer is never put together from before and after an append', async () => {
    const redis = new FakeRedis();
    const slow = slowStore();
    const { store, make, get, finish } = await opened(redis.connect, { store: slow.store });
    await finish('a', 1);
    await finish('b', 1);
    await get('a');
    await settle();
    const release = slow.hold();
    const both = store.getMany(['a', 'b']);
    await settle();
    await store.append([make.deleted('a'), make.deleted('b')]);
    await release();
    expect(await both).toEqual([undefined, undefined]);
  });

  it('while an append is under way, its tasks are neither read from Redis nor filled in', async () => {
    const redis = new FakeRedis();
    const inner = new MemoryStore();
    const gate = deferred();
    const store: TaskStore = new Proxy(inner, {
      get: (target, name: keyof TaskStore) =>
        name === 'append'
          ? async (events: never) => {
              if (slow) await gate.promise;
              await inner.append(events);
            }
          : target[name].bind(target as never),
    });
    let slow = false;
    const made = await opened(redis.connect, { store });
    await made.finish('a', 1);
    slow = true;
    const append = made.finish('a', 2);
    for (let round = 0; round < 3; round += 1) {
      expect((await made.get('a'))?.result).toBe(1);
      await settle();
    }
    expect(redis.data.size).toBe(0);
    gate.resolve();
    await append;
    expect((await made.get('a'))?.result).toBe(2);
  });

  it.each([
    ['is no JSON', () => '{'],
    ['is another thing', () => '"task"'],
    ['is no task', (text: string) => JSON.stringify({ ...JSON.parse(text), task: { id: 'a' } })],
    ['belongs to another task', (text: string) => text.replaceAll('"id":"a"', '"id":"b"')],
    ['has another name', (text: string) => text.replace(/"name":"[^"]*/, '"name":"other')],
    ['is not finished', (text: string) => text.replace('"status":"success"', '"status":"running"')],
  ])('a value that %s is a miss and an error', async (_, spoil) => {
    const redis = new FakeRedis();
    const { store, get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    for (const [key, text] of redis.data) redis.data.set(key, spoil(text));
    expect((await get('a'))?.result).toBe(1);
    expect(store.stats()).toMatchObject({ hits: 0, misses: 2, errors: 1 });
    await settle();
    expect((await get('a'))?.result).toBe(1);
    expect(store.stats()).toMatchObject({ hits: 1, errors: 1 });
  });

  it('after a refused append the cache is out of it until the store is opened again', async () => {
    const redis = new FakeRedis();
    const { store, make, get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    make.nextSeq += 5;
    await expect(finish('a', 2)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await get('a'))?.result).toBe(1);
    expect(store.stats()).toMatchObject({ hits: 0, bypassed: 1 });
    await store.close();
    await store.open();
    await get('a');
    await settle();
    await get('a');
    expect(store.stats()).toMatchObject({ hits: 1 });
  });

  it('nothing of an earlier opening is read', async () => {
    const redis = new FakeRedis();
    const inner = new MemoryStore();
    const first = await opened(redis.connect, { store: inner });
    await first.finish('a', 1);
    await first.get('a');
    await settle();
    await first.store.close();
    const second = await opened(redis.connect, { store: inner });
    second.make.nextSeq = first.make.nextSeq;
    await second.get('a');
    expect(second.store.stats()).toMatchObject({ hits: 0, misses: 1 });
  });
});

describe('Redis that does not work', () => {
  it('the store opens and works without it, and says so once', async () => {
    const redis = new FakeRedis();
    redis.fails = () => 'connect ECONNREFUSED 10.0.0.7:6379';
    const { store, get, finish, warnings } = await opened(redis.connect);
    await finish('a', 1);
    for (let round = 0; round < 5; round += 1) expect((await get('a'))?.result).toBe(1);
    expect(store.stats()).toEqual({ state: 'down', hits: 0, misses: 0, errors: 0, bypassed: 5 });
    expect(warnings).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it('an append never waits for it', async () => {
    const redis = new FakeRedis();
    const { get, finish } = await opened(redis.connect);
    await finish('a', 1);
    await get('a');
    await settle();
    redis.holds = () => true;
    await finish('a', 2);
    expect(redis.held.map(({ command }) => command)).toEqual(['remove']);
  });

  it('a read that meets a silent Redis waits once, the next ones not at all; it comes back by itself, and empty', async () => {
    const redis = new FakeRedis();
    const clock = new FakeClock();
    const { store, get, finish, warnings } = await opened(redis.connect, { clock, commandTimeoutMs: 100 });
    await finish('a', 1);
    await get('a');
    await settle();
    redis.holds = () => true;
    const reading = get('a');
    await clock.advance(100);
    expect((await reading)?.result).toBe(1);
    for (let round = 0; round < 10; round += 1) expect((await get('a'))?.result).toBe(1);
    expect(clock.monotonic()).toBe(100);
    expect(store.stats()).toMatchObject({ state: 'down', errors: 1, bypassed: 10 });
    redis.holds = () => false;
    await clock.advance(250);
    expect(store.stats().state).toBe('up');
    const { misses } = store.stats();
    await get('a');
    expect(store.stats()).toMatchObject({ hits: 0, misses: misses + 1 });
    expect(warnings).toHaveLength(1);
  });

  it('a read that fails in the store fails, and is not taken for a miss that can be filled', async () => {
    const redis = new FakeRedis();
    const inner = new MemoryStore();
    const { get, finish } = await opened(redis.connect, { store: inner });
    await finish('a', 1);
    const read = vi.spyOn(inner, 'getMany').mockRejectedValueOnce(new ExecGoError('internal', 'disk'));
    await expect(get('a')).rejects.toThrow('disk');
    await get('a');
    await settle();
    expect((await get('a'))?.result).toBe(1);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('does not keep memory: values on their way are bounded, and so is what is known', async () => {
    const redis = new FakeRedis();
    const { store, get, finish } = await opened(redis.connect, { maxPendingFills: 2 });
    for (const id of ['a', 'b', 'c']) await finish(id, 1);
    redis.holds = (command) => command === 'set';
    const tasks: (Task | undefined)[] = [];
    for (const id of ['a', 'b', 'c']) tasks.push(await get(id));
    expect(tasks.map((task) => task?.id)).toEqual(['a', 'b', 'c']);
    expect(redis.held).toHaveLength(2);
    expect(store.stats().misses).toBe(3);
  });
});
