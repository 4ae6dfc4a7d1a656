import { describeStore, temporaryDirectory } from '@execgo/testkit';
import { createStore } from '../index.js';

describeStore('the NDJSON store', {
  makeFixture: async () => {
    const place = await temporaryDirectory();
    return {
      connect: ({ receipts }) => createStore({ dataDir: place.path, ...(receipts !== undefined && { receipts }) }),
      dispose: place.remove,
    };
  },
  skip: { 'event-retention': 'its file is its history: all of it is needed to open the store' },
});
