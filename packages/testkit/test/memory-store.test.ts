import { describeStore, MemoryStore, type StoreSettings } from '../src/index.js';

describeStore('MemoryStore', {
  makeFixture: () => {
    let store: MemoryStore | undefined;
    const connect = (settings: StoreSettings) => {
      store ??= new MemoryStore({
        ...(settings.receipts !== undefined && { receipts: settings.receipts }),
        ...(settings.fewEvents && { maxEvents: 100 }),
      });
      return store;
    };
    return { connect };
  },
  skip: {
    exclusive: 'a memory store has no place that two of them could share',
  },
});
