import { MemoryOutputStore } from '@execgo/core';
import { describeOutputStore } from '../src/index.js';

describeOutputStore('MemoryOutputStore', {
  makeFixture: () => ({ connect: (settings) => new MemoryOutputStore(settings) }),
  forgets: 'it is gone with its process',
});
