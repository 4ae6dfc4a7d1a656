import type { CachedStore } from '@execgo/cache-redis';
import { ExecGoError, errorMessage, isExecGoError, type TaskStore } from '@execgo/core';
import type { Metric } from '@execgo/server-http';
import { SettingsError } from '../settings/settings-error.js';
import type { Settings } from '../settings/table.js';

const PACKAGE = '@execgo/cache-redis';

/** The part of the package that is used here. */
type CachePackage = Pick<typeof import('@execgo/cache-redis'), 'createCachedStore'>;

/**
 * The store behind Redis where `--redis-url` says so, else undefined. The package is optional, and loaded only when it is used.
 *
 * @throws SettingsError for a package that is missing, or a URL that cannot be used, which is not repeated
 */
export async function openCache(
  { redisUrl, redisCacheTtlSec }: Settings,
  store: TaskStore,
  onWarning: (message: string) => void,
  load: () => Promise<CachePackage> = () => import('@execgo/cache-redis'),
): Promise<CachedStore | undefined> {
  if (redisUrl === undefined) return undefined;
  const { createCachedStore } = await load().catch((cause: unknown) => {
    throw new SettingsError(
      `--redis-url: the package ${PACKAGE} cannot be loaded; run: npm install ${PACKAGE} (${errorMessage(cause)})`,
      { cause },
    );
  });
  try {
    return createCachedStore({ store, url: redisUrl, ttlSec: redisCacheTtlSec, onWarning });
  } catch (error) {
    if (!isExecGoError(error, 'invalid_input'))
      throw new ExecGoError('internal', errorMessage(error), { cause: error });
    throw new SettingsError(`--redis-url: ${error.message}`);
  }
}

/** What the cache tells Prometheus. */
export function cacheMetrics(cache: CachedStore): readonly Metric[] {
  const { hits, misses, errors, bypassed, state } = cache.stats();
  return [
    { name: 'cache_hits_total', help: 'Tasks read from the cache.', type: 'counter', value: hits },
    { name: 'cache_misses_total', help: 'Tasks that were not in the cache.', type: 'counter', value: misses },
    {
      name: 'cache_errors_total',
      help: 'Commands and values of the cache that failed.',
      type: 'counter',
      value: errors,
    },
    { name: 'cache_bypassed_total', help: 'Tasks read without asking the cache.', type: 'counter', value: bypassed },
    { name: 'cache_up', help: 'Whether the cache is in use.', type: 'gauge', value: state === 'up' ? 1 : 0 },
  ];
}
