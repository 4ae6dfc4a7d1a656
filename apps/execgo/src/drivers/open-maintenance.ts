import type { StoreMaintenance } from '@execgo/core';
import { createArchive } from '@execgo/store-archive';
import { createJsonFileMaintenance } from '@execgo/store-jsonfile';
import { SettingsError } from '../settings/settings-error.js';
import { loadDriver } from './load-driver.js';
import type { StorePlace } from './store-place.js';

/** What a store package exports as `createMaintenance`. */
export type CreateMaintenance = (options: {
  /** What stands behind the colon of `<package>:<path>`, absolute; for `backup` and `doctor` the data directory. */
  readonly path: string;
  /** Told what a person should know. */
  readonly onWarning: (message: string) => void;
}) => StoreMaintenance | Promise<StoreMaintenance>;

/** Names of stores that are packages of ours and need not be written in full. */
const SHORT_NAMES = new Map([['sqlite', '@execgo/store-sqlite']]);
const METHODS = ['read', 'fill', 'inspect'] as const;

/**
 * The keeper of the store at a place.
 *
 * @param flag the setting that names it, for messages
 * @throws SettingsError for `memory`, for a package that is missing, and for one whose `createMaintenance` gives none
 */
export async function openMaintenance(
  flag: string,
  { kind, path }: StorePlace,
  { cwd, onWarning }: { readonly cwd: string; readonly onWarning: (message: string) => void },
): Promise<StoreMaintenance> {
  if (kind === 'jsonfile') return createJsonFileMaintenance({ directory: path });
  if (kind === 'archive') return createArchive({ file: path });
  if (kind === 'memory') {
    throw new SettingsError(
      `${flag} memory: that store is in the memory of its server alone, nothing of it is on disk`,
    );
  }
  const name = SHORT_NAMES.get(kind) ?? kind;
  const { make } = await loadDriver(flag, name, 'createMaintenance', cwd);
  return checked(await (make as CreateMaintenance)({ path, onWarning }), flag, name);
}

function checked(maintenance: unknown, flag: string, name: string): StoreMaintenance {
  const methods = (maintenance ?? {}) as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((method) => typeof methods[method] !== 'function');
  if (missing.length === 0) return maintenance as StoreMaintenance;
  throw new SettingsError(`${flag} ${name}: its createMaintenance gave something without ${missing.join(', ')}`);
}
