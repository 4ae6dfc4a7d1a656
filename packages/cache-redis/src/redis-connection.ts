import { isIP } from 'node:net';
import { ExecGoError, errorMessage } from '@execgo/core';
import { Redis } from 'ioredis';
import type { RedisTarget } from './redis-url.js';

/** The few things that the cache asks of Redis. A command may take for ever: whoever asks bounds it. */
export interface RedisConnection {
  /** The values of these keys, in this order; null for one that is absent. */
  get(keys: readonly string[]): Promise<readonly (string | null)[]>;
  /** Stores a value that Redis drops by itself after `ttlSec` seconds. */
  set(key: string, value: string, ttlSec: number): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
  /** Calls `fn` once when the connection has ended, whoever ended it. */
  onEnd(fn: () => void): void;
  /** Ends it at once; commands under way reject, or never settle. Safe to call twice. */
  end(): void;
}

/** Makes one connection, or rejects; it does not try again by itself and may take for ever. */
export type Connect = (signal: AbortSignal) => Promise<RedisConnection>;

/** How long a peer that has stopped may take to close its side before the socket is destroyed. */
const FAREWELL_MS = 50;

/**
 * Connects over ioredis: no queue while offline, no command sent twice, no reconnection. All of that is for `RedisLink` to
 * decide, in one place.
 */
export function connectTo({ host, port, database, tls, username, password }: RedisTarget): Connect {
  return async (signal) => {
    const redis = new Redis({
      host,
      port,
      db: database,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      // A server name is for names alone (RFC 6066, section 3).
      ...(tls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
      protocol: 2,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      disableClientInfo: true,
      disconnectTimeout: FAREWELL_MS,
    });
    const stop = () => redis.disconnect();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await connected(redis);
    } catch (error) {
      redis.disconnect();
      // Only the text: ioredis hangs the command with its arguments, a password among them, on its errors.
      throw new ExecGoError('unavailable', errorMessage(error));
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return overRedis(redis);
  };
}

/** `connect` alone does not tell of a refused password or database: those come as an event, before it is ready or after. */
function connected(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    // Also what keeps ioredis from printing later errors: each ends the connection, which is what counts.
    redis.on('error', reject);
    redis.connect().then(resolve, reject);
  });
}

function overRedis(redis: Redis): RedisConnection {
  return {
    get: ([only, ...others]) =>
      only === undefined
        ? Promise.resolve([])
        : others.length === 0
          ? redis.get(only).then((value) => [value])
          : redis.mget(only, ...others),
    set: async (key, value, ttlSec) => {
      await redis.set(key, value, 'EX', ttlSec);
    },
    remove: async (keys) => {
      await redis.unlink(...keys);
    },
    onEnd: (fn) => {
      if (redis.status === 'end') fn();
      else redis.once('end', fn);
    },
    end: () => redis.disconnect(),
  };
}
