import { describeStore, temporaryDirectory } from '@execgo/testkit';
import { createJsonFileStore } from '../src/index.js';

describeStore('JsonFileStore', {
  makeFixture: async () => {
    const place = await temporaryDirectory();
    return {
      connect: ({ receipts, fewEvents }) =>
        createJsonFileStore({
          directory: place.path,
          ...(receipts !== undefined && { receipts }),
          ...(fewEvents && { eventRetentionBytes: 128 * 1024, snapshotMinBytes: 64 * 1024, snapshotMinIntervalMs: 0 }),
        }),
      dispose: place.remove,
    };
  },
});
