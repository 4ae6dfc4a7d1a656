import { MemoryStore, type TaskStore } from '@execgo/core';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { SettingsError } from '../settings/settings-error.js';
import type { CreateStore, DriverSettings } from './driver-settings.js';
import { loadDriver } from './load-driver.js';

export interface StoreDriver {
  /** Not yet opened: that is the scheduler's. */
  readonly store: TaskStore;
  /** Folder of the package it comes from, where it is not built in. */
  readonly folder?: string;
}

/** Names of stores that are packages of ours and need not be written in full. */
const SHORT_NAMES = new Map([['sqlite', '@execgo/store-sqlite']]);
const METHODS = ['open', 'append', 'getMany', 'list', 'events', 'unfinished', 'finished', 'receipt', 'close'] as const;

/**
 * The store that `--store` names.
 *
 * @throws SettingsError for a package that is missing or whose `createStore` gives no store
 */
export async function createStore(
  name: string,
  settings: DriverSettings,
  { cwd, onWarning }: { readonly cwd: string; readonly onWarning: (message: string) => void },
): Promise<StoreDriver> {
  if (name === 'jsonfile') return { store: jsonFileStore(settings, onWarning) };
  if (name === 'memory') return { store: new MemoryStore({ turn: (fn) => setImmediate(fn) }) };
  const { make, folder } = await loadDriver('--store', SHORT_NAMES.get(name) ?? name, 'createStore', cwd);
  return { store: checked(await (make as CreateStore)({ ...settings, onWarning }), name), folder };
}

function jsonFileStore(settings: DriverSettings, onWarning: (message: string) => void): TaskStore {
  const { dataDir: directory, durability, eventRetentionBytes } = settings;
  return createJsonFileStore({ directory, durability, eventRetentionBytes, onWarning });
}

function checked(store: unknown, name: string): TaskStore {
  const methods = (store ?? {}) as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((method) => typeof methods[method] !== 'function');
  if (missing.length === 0) return store as TaskStore;
  throw new SettingsError(`--store ${name}: its createStore gave something without ${missing.join(', ')}`);
}
