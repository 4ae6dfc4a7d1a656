import { backgroundClock, type Clock, ConfigError, type TaskStore } from '@execgo/core';
import { parseRedisUrl, type RedisTarget } from './redis-url.js';

/** What the cache reads time from: a `Clock` fits. */
export type CacheClock = Pick<Clock, 'monotonic' | 'after' | 'turn'>;

export interface CachedStoreOptions {
  /** What is cached. The cache opens and closes it; nobody else may write to it. */
  readonly store: TaskStore;
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. Never shown in a message. */
  readonly url: string;
  /** Seconds after which Redis drops a value. @default 300 */
  readonly ttlSec?: number;
  /** What every key begins with. Stores may share a prefix: their keys differ. @default 'execgo:' */
  readonly keyPrefix?: string;
  /** How long Redis may take for one command, in milliseconds; after that it is bypassed until a probe finds it well. @default 100 */
  readonly commandTimeoutMs?: number;
  /** How long one attempt to connect may take, in milliseconds; `open` waits for the first. @default 1,000 */
  readonly connectTimeoutMs?: number;
  /** Larger tasks are not cached, in bytes of their JSON. @default 256 KiB */
  readonly maxValueBytes?: number;
  /** Most tasks that are cached at once; each costs about 100 bytes in this process. @default 100,000 */
  readonly maxEntries?: number;
  /** Values on their way into Redis at once; what is read meanwhile is not cached. Bounds memory, with `maxValueBytes`. @default 64 */
  readonly maxPendingFills?: number;
  /** A read of more ids than this goes to the store alone. @default 32 */
  readonly maxIdsPerRead?: number;
  /** Pause before the first probe of an outage, in milliseconds; each further one is twice as long. @default 250 */
  readonly probeMinMs?: number;
  /** Longest pause between probes, and how long Redis must be well for the pauses to start anew. @default 10,000 */
  readonly probeMaxMs?: number;
  /** Told once for each outage. @default `process.emitWarning` */
  readonly onWarning?: (message: string) => void;
  /** @default the time of this process */
  readonly clock?: CacheClock;
}

export const DEFAULT_TTL_SEC = 300;
export const DEFAULT_KEY_PREFIX = 'execgo:';
export const DEFAULT_COMMAND_TIMEOUT_MS = 100;
export const DEFAULT_CONNECT_TIMEOUT_MS = 1_000;
export const DEFAULT_MAX_VALUE_BYTES = 256 * 1024;
export const DEFAULT_MAX_ENTRIES = 100_000;
export const DEFAULT_MAX_PENDING_FILLS = 64;
export const DEFAULT_MAX_IDS_PER_READ = 32;
export const DEFAULT_PROBE_MIN_MS = 250;
export const DEFAULT_PROBE_MAX_MS = 10_000;

/** What `setTimeout` can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** What Redis takes as a time to live without an overflow. */
const MAX_TTL_SEC = 10 * 365 * 24 * 3600;
const METHODS = ['open', 'append', 'getMany', 'list', 'events', 'unfinished', 'finished', 'receipt', 'close'] as const;

export interface ResolvedOptions extends Required<Omit<CachedStoreOptions, 'url'>> {
  readonly target: RedisTarget;
}

/** @throws ConfigError naming the option, what was expected and what came; never the URL */
export function resolveOptions(options: CachedStoreOptions): ResolvedOptions {
  const { store, url, keyPrefix = DEFAULT_KEY_PREFIX, onWarning = emitWarning, clock = backgroundClock } = options;
  if (METHODS.some((method) => typeof store?.[method] !== 'function')) {
    throw new ConfigError('store', 'a TaskStore', store);
  }
  if (typeof keyPrefix !== 'string') throw new ConfigError('keyPrefix', 'a text', keyPrefix);
  const probeMinMs = within(options, 'probeMinMs', DEFAULT_PROBE_MIN_MS, 1, MAX_TIMER_MS);
  return {
    store,
    target: parseRedisUrl(url),
    ttlSec: within(options, 'ttlSec', DEFAULT_TTL_SEC, 1, MAX_TTL_SEC),
    keyPrefix,
    commandTimeoutMs: within(options, 'commandTimeoutMs', DEFAULT_COMMAND_TIMEOUT_MS, 1, MAX_TIMER_MS),
    connectTimeoutMs: within(options, 'connectTimeoutMs', DEFAULT_CONNECT_TIMEOUT_MS, 1, MAX_TIMER_MS),
    maxValueBytes: within(options, 'maxValueBytes', DEFAULT_MAX_VALUE_BYTES, 0),
    maxEntries: within(options, 'maxEntries', DEFAULT_MAX_ENTRIES, 2),
    maxPendingFills: within(options, 'maxPendingFills', DEFAULT_MAX_PENDING_FILLS, 1),
    maxIdsPerRead: within(options, 'maxIdsPerRead', DEFAULT_MAX_IDS_PER_READ, 1),
    probeMinMs,
    probeMaxMs: within(options, 'probeMaxMs', Math.max(DEFAULT_PROBE_MAX_MS, probeMinMs), probeMinMs, MAX_TIMER_MS),
    onWarning,
    clock,
  };
}

function within(
  options: object,
  name: string,
  fallback: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = (options as Readonly<Record<string, unknown>>)[name] ?? fallback;
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    const limits = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
    throw new ConfigError(name, `a whole number, ${limits}`, value);
  }
  return value as number;
}

function emitWarning(message: string): void {
  process.emitWarning(message, { code: 'EXECGO_CACHE' });
}
