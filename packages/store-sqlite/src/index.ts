export { createMaintenance, createStore, type StoreDriverSettings } from './driver.js';
export {
  DEFAULT_BUSY_TIMEOUT_MS,
  DEFAULT_CHECKPOINT_BYTES,
  DEFAULT_EVENT_RETENTION_BYTES,
  DEFAULT_INTEGRITY_CHECK_BYTES,
  type Durability,
  type SqliteStoreOptions,
} from './options.js';
export { createSqliteMaintenance, type SqliteMaintenanceOptions } from './sqlite-maintenance.js';
export { createSqliteStore, SqliteStore } from './sqlite-store.js';
