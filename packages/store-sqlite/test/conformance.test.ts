import { join } from 'node:path';
import { describeStore, temporaryDirectory } from '@execgo/testkit';
import { createSqliteStore } from '../src/index.js';

describeStore('SqliteStore', {
  makeFixture: async () => {
    const place = await temporaryDirectory();
    return {
      connect: ({ receipts, fewEvents }) =>
        createSqliteStore({
          file: join(place.path, 'execgo.db'),
          ...(receipts !== undefined && { receipts }),
          ...(fewEvents && { eventRetentionBytes: 128 * 1024 }),
        }),
      dispose: place.remove,
    };
  },
});
