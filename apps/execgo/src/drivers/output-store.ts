import { join } from 'node:path';
import { MemoryOutputStore, type OutputStore } from '@execgo/core';
import { createOutputFiles } from '@execgo/output-files';
import type { Settings } from '../settings/table.js';

/** Where captured output is kept: in files beside the store, in memory where that forgets everything too, or nowhere. */
export function createOutputStore({ store, dataDir, outputMax }: Settings): OutputStore | undefined {
  if (outputMax === 0) return undefined;
  if (store === 'memory') return new MemoryOutputStore({ maxBytesPerAttempt: outputMax });
  return createOutputFiles({ directory: join(dataDir, 'output'), maxBytesPerAttempt: outputMax });
}
