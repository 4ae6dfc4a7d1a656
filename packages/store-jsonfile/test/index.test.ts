import { expect, it } from 'vitest';
import * as store from '../src/index.js';

it('exports what it says, and nothing else', () => {
  expect(Object.keys(store).sort()).toEqual([
    'DEFAULT_EVENT_RETENTION_BYTES',
    'DEFAULT_SEGMENT_BYTES',
    'DEFAULT_SNAPSHOT_MIN_BYTES',
    'DEFAULT_SNAPSHOT_MIN_INTERVAL_MS',
    'DEFAULT_WARN_STATE_BYTES',
    'JsonFileMaintenance',
    'JsonFileStore',
    'createJsonFileMaintenance',
    'createJsonFileStore',
    'createMaintenance',
    'nodeFileSystem',
  ]);
});
