import { join } from 'node:path';
import { createCachedStore } from '@execgo/cache-redis';
import type { TaskStore } from '@execgo/core';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { createSqliteStore } from '@execgo/store-sqlite';
import {
  describeStore,
  type RedisServer,
  type StoreSettings,
  startRedisServer,
  temporaryDirectory,
} from '@execgo/testkit';
import { afterAll, beforeAll } from 'vitest';

/** Every durable store of ours, over a directory; the cache must change nothing about any of them. */
const STORES: Readonly<Record<string, (directory: string, settings: StoreSettings) => TaskStore>> = {
  JsonFileStore: (directory, { receipts, fewEvents }) =>
    createJsonFileStore({
      directory,
      ...(receipts !== undefined && { receipts }),
      ...(fewEvents && { eventRetentionBytes: 128 * 1024, snapshotMinBytes: 64 * 1024, snapshotMinIntervalMs: 0 }),
    }),
  SqliteStore: (directory, { receipts, fewEvents }) =>
    createSqliteStore({
      file: join(directory, 'execgo.db'),
      // What its own suite is there for, and what takes the time here: thousands of flushes.
      durability: 'none',
      ...(receipts !== undefined && { receipts }),
      ...(fewEvents && { eventRetentionBytes: 128 * 1024 }),
    }),
};

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis?.stop());

for (const [name, makeStore] of Object.entries(STORES)) {
  describeStore(`${name} behind Redis`, {
    makeFixture: async () => {
      const place = await temporaryDirectory();
      return {
        connect: (settings) => createCachedStore({ store: makeStore(place.path, settings), url: redis.url }),
        dispose: place.remove,
      };
    },
  });
}
