import { defineConfig } from 'tsup';
import { packageOptions } from '../../scripts/tsup.js';

/** The entry of the threads is one file, with what it needs of core in it: every store that is opened starts it twice. */
export default defineConfig([
  packageOptions({ clean: ['index.*'] }),
  packageOptions({ entry: ['src/worker.ts'], noExternal: ['@execgo/core'], clean: ['worker.*'] }),
]);
