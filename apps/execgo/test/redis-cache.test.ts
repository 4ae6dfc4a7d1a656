import { MemoryStore } from '@execgo/core';
import { startRedisServer } from '@execgo/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCache } from '../src/drivers/open-cache.js';
import { resolveSettings } from '../src/index.js';
import { startTestServer } from './support/running-server.js';

const PASSWORD = 's3cret';

async function ownRedis() {
  const redis = await startRedisServer(['--requirepass', PASSWORD]);
  onTestFinished(() => redis.stop());
  return { ...redis, host: `127.0.0.1:${redis.port}`, url: `redis://:${PASSWORD}@127.0.0.1:${redis.port}` };
}

const prometheus = async (url: string) => (await fetch(`${url}/metrics`, { headers: { accept: 'text/plain' } })).text();

describe('--redis-url', () => {
  it('finished tasks come from Redis, and /metrics, /health and the log tell, without the password', async () => {
    const redis = await ownRedis();
    const server = await startTestServer({ redisUrl: redis.url });
    const task = await server.run({ type: 'noop', input: { message: 'hello' } });
    let text = '';
    for (let hits = 0; hits === 0; hits = Number(/^execgo_cache_hits_total (\d+)$/m.exec(text)?.[1])) {
      expect((await server.get('/tasks/only')).body).toEqual(task);
      text = await prometheus(server.url);
    }
    for (const line of ['execgo_cache_misses_total \\d+', 'execgo_cache_errors_total 0', 'execgo_cache_up 1']) {
      expect(text).toMatch(new RegExp(`^${line}$`, 'm'));
    }
    const { body: health } = await server.get('/health');
    expect(health.cache).toEqual({ redis: redis.host, state: 'up' });
    expect(server.log.find((line) => 'url' in line)).toMatchObject({ cache: `${redis.host} (up)` });
    expect(JSON.stringify([health, server.log, text])).not.toContain(PASSWORD);
    expect(Object.keys((await server.get('/metrics')).body)).toEqual([
      'tasks_total',
      'tasks_running',
      'tasks_succeeded',
      'tasks_failed',
      'by_type',
    ]);
  });

  it('without Redis the server starts and works, with one warning; it uses Redis as soon as that is there', async () => {
    const redis = await ownRedis();
    await redis.kill();
    const server = await startTestServer({ redisUrl: redis.url });
    expect(await server.run({ type: 'noop' })).toMatchObject({ status: 'success' });
    expect((await server.get('/health')).body).toMatchObject({ status: 'ok', cache: { state: 'down' } });
    expect(await prometheus(server.url)).toMatch(/^execgo_cache_up 0$/m);
    const warnings = server.log.filter(({ msg }) => String(msg).includes('the cache is off'));
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(server.log)).not.toContain(PASSWORD);
    await redis.restart();
    for (let state = 'down'; state === 'down'; ) {
      ({ state } = (await server.get('/health')).body.cache as { state: string });
    }
  });

  it('no task reaches Redis, by whatever name', async () => {
    const redis = await ownRedis();
    const server = await startTestServer({ redisUrl: redis.url });
    for (const host of ['127.0.0.1', 'localhost', '127.0.0.2', '[::ffff:127.0.0.1]']) {
      const task = await server.run({ type: 'tcp', input: { address: `${host}:${redis.port}` } });
      expect(JSON.stringify(task)).toContain('denied');
    }
  });

  it('without it nothing of the cache is loaded or told', async () => {
    const server = await startTestServer();
    expect((await server.get('/health')).body).not.toHaveProperty('cache');
    expect(await prometheus(server.url)).not.toContain('execgo_cache');
  });

  it('a URL that cannot be used is refused without being repeated', async () => {
    const start = startTestServer({ redisUrl: `http://:${PASSWORD}@cache` });
    await expect(start).rejects.toThrow('--redis-url: option url: expected redis://');
    await expect(start).rejects.not.toThrow(PASSWORD);
  });

  it('a missing package is a sentence with what to install', async () => {
    const { settings } = resolveSettings({ options: { redisUrl: 'redis://cache' } });
    const missing = () => Promise.reject(new Error("Cannot find package 'ioredis'"));
    await expect(openCache(settings, new MemoryStore(), () => {}, missing)).rejects.toThrow(
      '--redis-url: the package @execgo/cache-redis cannot be loaded; run: npm install @execgo/cache-redis',
    );
  });
});
