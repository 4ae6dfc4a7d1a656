import type { CopyProgress, StoreContents, StoreMaintenance, StoreReport } from '@execgo/core';
import { DirectoryLock } from '@execgo/store-lock';
import { fillStore } from './fill-store.js';
import { inspectStore } from './inspect-store.js';
import { type JsonFileStoreOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { PinnedContents, pinStore } from './read-store.js';
import { isMissing } from './store-errors.js';

/** The options of the store that say where it is and what is kept; each has the same default. */
export type JsonFileMaintenanceOptions = Pick<
  JsonFileStoreOptions,
  'directory' | 'segmentBytes' | 'warnStateBytes' | 'receipts' | 'fileSystem'
>;

/**
 * Reading, filling and looking at a store's directory, beside whoever has it open.
 *
 * `read` gives whole appends up to the newest that was complete at the moment, flushed or not: what a start would find if the
 * server were killed just then. It needs as much memory as the open store.
 */
export class JsonFileMaintenance implements StoreMaintenance {
  private readonly options: ResolvedOptions;

  /** @throws ConfigError for an option that cannot be used */
  constructor(options: JsonFileMaintenanceOptions) {
    this.options = resolveOptions(options);
  }

  async read(): Promise<StoreContents> {
    const { fileSystem, directory, receipts } = this.options;
    const pinned = await pinStore(fileSystem, directory, receipts);
    try {
      return new PinnedContents(pinned);
    } catch (error) {
      await pinned.files.close();
      throw error;
    }
  }

  fill(contents: StoreContents, onProgress?: (progress: CopyProgress) => void): Promise<void> {
    return fillStore(this.options, contents, onProgress);
  }

  inspect(): Promise<StoreReport> {
    return inspectStore(this.options);
  }

  async usedBy(): Promise<string | undefined> {
    try {
      const owner = await DirectoryLock.holder(this.options.directory);
      return owner && `pid ${owner.pid} on ${owner.host} since ${owner.since}`;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

/** @throws ConfigError for an option that cannot be used */
export function createJsonFileMaintenance(options: JsonFileMaintenanceOptions): JsonFileMaintenance {
  return new JsonFileMaintenance(options);
}

/** The same by the convention of drivers, which know one place by one path. */
export function createMaintenance({ path }: { readonly path: string }): JsonFileMaintenance {
  return new JsonFileMaintenance({ directory: path });
}
