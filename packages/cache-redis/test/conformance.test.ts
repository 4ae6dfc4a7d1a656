import { MemoryStore, type TaskStore } from '@execgo/core';
import { describeStore, type RedisServer, type StoreSettings, startRedisServer } from '@execgo/testkit';
import { afterAll, beforeAll } from 'vitest';
import { createCachedStore } from '../src/index.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis?.stop());

// Other stores stand in test/cached-stores.test.ts of the workspace: packages of one layer do not know each other.
describeStore('MemoryStore behind Redis', {
  makeFixture: () => {
    let inner: TaskStore | undefined;
    const connect = (settings: StoreSettings) => {
      inner ??= new MemoryStore({
        ...(settings.receipts !== undefined && { receipts: settings.receipts }),
        ...(settings.fewEvents && { maxEvents: 100 }),
      });
      return createCachedStore({ store: inner, url: redis.url });
    };
    return { connect };
  },
  skip: { exclusive: 'a memory store has no place that two of them could share' },
});
