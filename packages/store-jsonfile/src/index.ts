export { type DataFile, type FileSystem, nodeFileSystem, type OpenMode, type ReadableFile } from './file-system.js';
export { createJsonFileStore, JsonFileStore } from './json-file-store.js';
export {
  createJsonFileMaintenance,
  createMaintenance,
  JsonFileMaintenance,
  type JsonFileMaintenanceOptions,
} from './maintenance.js';
export {
  DEFAULT_EVENT_RETENTION_BYTES,
  DEFAULT_SEGMENT_BYTES,
  DEFAULT_SNAPSHOT_MIN_BYTES,
  DEFAULT_SNAPSHOT_MIN_INTERVAL_MS,
  DEFAULT_WARN_STATE_BYTES,
  type Durability,
  type JsonFileStoreOptions,
} from './options.js';
