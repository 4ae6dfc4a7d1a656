import { join } from 'node:path';
import { describeOutputStore } from '@execgo/testkit';
import { createOutputFiles } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

describeOutputStore('OutputFiles', {
  makeFixture: () => {
    const folder = temporaryFolder();
    return {
      connect: (settings) => createOutputFiles({ directory: join(folder.path, 'output'), ...settings }),
      dispose: folder.remove,
    };
  },
});
