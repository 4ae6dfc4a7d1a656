import { join } from 'node:path';
import type { StoreMaintenance } from '@execgo/core';
import type { Durability } from './options.js';
import { createSqliteMaintenance } from './sqlite-maintenance.js';
import { SqliteStore } from './sqlite-store.js';

/** What `execgo --store sqlite` gives its store: see docs/drivers.md. */
export interface StoreDriverSettings {
  readonly dataDir: string;
  /** @default `execgo.db` in `dataDir` */
  readonly sqlitePath?: string;
  readonly durability: Durability;
  readonly eventRetentionBytes: number;
  readonly onWarning?: (message: string) => void;
}

/** The store of a server. Its database may lie outside the data directory, whose lock it takes as well. */
export function createStore(settings: StoreDriverSettings): SqliteStore {
  const { dataDir, sqlitePath = join(dataDir, 'execgo.db'), durability, eventRetentionBytes, onWarning } = settings;
  return new SqliteStore({
    file: sqlitePath,
    directory: dataDir,
    durability,
    eventRetentionBytes,
    ...(onWarning !== undefined && { onWarning }),
  });
}

/** @param place `path`: the database */
export function createMaintenance(place: {
  readonly path: string;
  readonly onWarning?: (message: string) => void;
}): StoreMaintenance {
  const { path, onWarning } = place;
  return createSqliteMaintenance({ file: path, ...(onWarning !== undefined && { onWarning }) });
}
