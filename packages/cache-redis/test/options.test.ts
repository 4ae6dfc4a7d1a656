import { MemoryStore } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { createCachedStore } from '../src/index.js';
import { resolveOptions } from '../src/options.js';
import { addressOf, parseRedisUrl } from '../src/redis-url.js';

const base = { store: new MemoryStore(), url: 'redis://127.0.0.1' };

describe('options', () => {
  it('have these defaults', () => {
    const { store, onWarning, clock, ...others } = resolveOptions(base);
    expect(others).toEqual({
      target: { host: '127.0.0.1', port: 6379, database: 0, tls: false },
      ttlSec: 300,
      keyPrefix: 'execgo:',
      commandTimeoutMs: 100,
      connectTimeoutMs: 1000,
      maxValueBytes: 256 * 1024,
      maxEntries: 100_000,
      maxPendingFills: 64,
      maxIdsPerRead: 32,
      probeMinMs: 250,
      probeMaxMs: 10_000,
    });
  });

  it.each([
    [{ store: {} }, 'option store: expected a TaskStore'],
    [{ ttlSec: 0 }, 'option ttlSec: expected a whole number, from 1 to 315360000, got 0'],
    [{ ttlSec: 1.5 }, 'option ttlSec'],
    [{ ttlSec: '300' }, 'option ttlSec'],
    [{ keyPrefix: 7 }, 'option keyPrefix: expected a text, got 7'],
    [{ commandTimeoutMs: 0 }, 'option commandTimeoutMs'],
    [{ commandTimeoutMs: 2 ** 31 }, 'option commandTimeoutMs'],
    [{ connectTimeoutMs: -1 }, 'option connectTimeoutMs'],
    [{ maxValueBytes: -1 }, 'option maxValueBytes: expected a whole number, 0 or more, got -1'],
    [{ maxEntries: 1 }, 'option maxEntries'],
    [{ maxPendingFills: 0 }, 'option maxPendingFills'],
    [{ maxIdsPerRead: Number.NaN }, 'option maxIdsPerRead'],
    [{ probeMinMs: 0 }, 'option probeMinMs'],
    [{ probeMinMs: 500, probeMaxMs: 499 }, 'option probeMaxMs: expected a whole number, from 500'],
  ])('%o are refused by name', (bad, message) => {
    const make = () => createCachedStore({ ...base, ...bad } as never);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('the URL', () => {
  it.each([
    ['redis://cache', { host: 'cache', port: 6379, database: 0, tls: false }],
    ['redis://cache/', { host: 'cache', port: 6379, database: 0, tls: false }],
    ['redis://:s3cret@cache:6380/2', { host: 'cache', port: 6380, database: 2, tls: false, password: 's3cret' }],
    [
      'rediss://me:p%40ss%2F@cache',
      { host: 'cache', port: 6379, database: 0, tls: true, username: 'me', password: 'p@ss/' },
    ],
    ['redis://[::1]:7000', { host: '::1', port: 7000, database: 0, tls: false }],
  ])('%s is read', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  it('is shown as host and port', () => {
    expect(addressOf(parseRedisUrl('redis://me:s3cret@[::1]:7000/3'))).toBe('[::1]:7000');
    expect(createCachedStore({ ...base, url: 'redis://me:s3cret@cache/3' }).address).toBe('cache:6379');
  });

  it.each([
    'http://me:s3cret@cache',
    'me:s3cret@cache:6379',
    'redis://me:s3cret@',
    'redis://me:s3cret@cache:99999',
    'redis://me:s3cret@cache/zero',
    'redis://me:s3cret@cache/1/2',
    'redis://me:s3cret@cache?family=6',
    'redis://me:s3cret%@cache',
    's3cret',
    '',
  ])('%s is refused without being repeated', (url) => {
    const make = () => createCachedStore({ ...base, url });
    expect(make).toThrow('option url: expected');
    expect(make).not.toThrow('s3cret');
    try {
      make();
    } catch (error) {
      expect(JSON.stringify(error) + String((error as Error).stack).replaceAll(import.meta.filename, '')).not.toContain(
        's3cret@',
      );
    }
  });

  it.each([undefined, 7, null])('%s is refused', (url) => {
    expect(() => createCachedStore({ ...base, url } as never)).toThrow('option url: expected redis://');
  });
});
