import { MemoryStore } from '@execgo/core';
import { EventSequence, type RedisServer, startRedisServer, until } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CachedStore, type CachedStoreOptions, createCachedStore } from '../src/index.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis?.stop());

async function opened(options: Partial<CachedStoreOptions> = {}) {
  const warnings: string[] = [];
  const store = createCachedStore({
    store: new MemoryStore(),
    url: redis.url,
    probeMinMs: 20,
    // Only a Redis that is gone, or is said to be slow, is given up here.
    commandTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  onTestFinished(() => store.close());
  await store.open();
  const make = new EventSequence();
  await store.append([make.submitted('a'), make.started('a'), make.succeeded('a', 1)]);
  return { store, warnings };
}

/** Reads the task until it comes from Redis. */
async function untilHit(store: CachedStore): Promise<void> {
  const { hits } = store.stats();
  while (store.stats().hits === hits) {
    expect((await store.getMany(['a']))[0]?.result).toBe(1);
    await turn();
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const isUp = (store: CachedStore) => until(() => store.stats().state === 'up');

async function ownServer(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(args);
  onTestFinished(() => server.stop());
  return server;
}

describe('a real Redis', () => {
  it('holds the task under the prefix, for the time to live', async () => {
    const own = await ownServer();
    const { store } = await opened({ url: own.url, keyPrefix: 'pre:', ttlSec: 30 });
    await untilHit(store);
    expect(await own.command('DBSIZE')).toBe(':1');
    const ttl = await own.command("EVAL \"return redis.call('TTL',redis.call('KEYS','pre:task:*')[1])\" 0");
    expect(Number(ttl.slice(1))).toBeGreaterThan(20);
    expect(Number(ttl.slice(1))).toBeLessThanOrEqual(30);
  });

  it('forgets it after the time to live, and gets it again', async () => {
    const { store } = await opened({ ttlSec: 1 });
    await untilHit(store);
    const { misses } = store.stats();
    await until(() => {
      void store.getMany(['a']);
      return store.stats().misses > misses;
    });
    await untilHit(store);
    expect(store.stats().errors).toBe(0);
  });

  it('with a user, a password and a database of the URL; none of them is ever told', async () => {
    const own = await ownServer(['--user', 'exec', 'on', '>s3cret/', '~*', '+@all', '--user', 'default', 'off']);
    const { store, warnings } = await opened({ url: `redis://exec:s3cret%2F@127.0.0.1:${own.port}/3` });
    await untilHit(store);
    expect(await own.kill()).toBeUndefined();
    await until(() => store.stats().state === 'down');
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toMatch(/s3cret|exec:/);
  });

  it.each([
    ['a wrong password', ['--requirepass', 'right'], ':s3cret@', '', /WRONGPASS/],
    ['no password', ['--requirepass', 'right'], '', '', /NOAUTH/],
    ['a database that is not there', [], '', '/99', /DB index/],
    ['no memory left', ['--maxmemory', '1'], '', '', /OOM/],
  ])('%s: the store works without it and says why, without the password', async (_, args, user, path, reason) => {
    const own = await ownServer(args);
    const { store, warnings } = await opened({ url: `redis://${user}127.0.0.1:${own.port}${path}` });
    expect((await store.getMany(['a']))[0]?.result).toBe(1);
    expect(store.stats().state).toBe('down');
    expect(warnings).toEqual([expect.stringMatching(reason)]);
    expect(warnings[0]).toContain(`127.0.0.1:${own.port}`);
    expect(warnings[0]).not.toContain('s3cret');
  });

  it('that is not there at the start is used as soon as it is', async () => {
    const own = await ownServer();
    await own.kill();
    const { store, warnings } = await opened({ url: own.url });
    expect([store.stats().state, warnings]).toEqual(['down', [expect.stringContaining('ECONNREFUSED')]]);
    await own.restart();
    await isUp(store);
    await untilHit(store);
    expect(warnings).toHaveLength(1);
  });

  it('that was killed is used again when it is back, with what it had saved, which nobody asks for', async () => {
    const own = await ownServer();
    const { store, warnings } = await opened({ url: own.url });
    await untilHit(store);
    expect(await own.command('SAVE')).toBe('+OK');
    await own.kill();
    await until(() => store.stats().state === 'down');
    expect((await store.getMany(['a']))[0]?.result).toBe(1);
    await own.restart();
    await isUp(store);
    expect(await own.command('DBSIZE')).toBe(':1');
    const { hits } = store.stats();
    await store.getMany(['a']);
    expect(store.stats().hits).toBe(hits);
    await untilHit(store);
    expect(warnings).toHaveLength(1);
  });

  it('leaves no connection behind, also after many outages', async () => {
    const own = await ownServer();
    const { store } = await opened({ url: own.url, probeMaxMs: 20, commandTimeoutMs: 100 });
    for (let round = 0; round < 5; round += 1) {
      own.pause();
      await until(() => {
        void store.getMany(['a']);
        return store.stats().state === 'down';
      });
      own.resume();
      await isUp(store);
      await untilHit(store);
    }
    const clients = async () =>
      Number((await own.command("EVAL \"local _,n=redis.call('CLIENT','LIST'):gsub('id=','') return n\" 0")).slice(1));
    // Ours, and the one that asks.
    for (let left = await clients(); left > 2; left = await clients())
      await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    for (let left = await clients(); left > 1; left = await clients())
      await new Promise((resolve) => setImmediate(resolve));
  });
});
