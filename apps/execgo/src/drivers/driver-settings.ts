import { join } from 'node:path';
import type { Executor, TaskStore } from '@execgo/core';
import type { Policy } from '../policy.js';
import type { Settings } from '../settings/table.js';

/** What a driver package is given: the settings it may care for, checked, with absolute paths. Never a token. */
export interface DriverSettings {
  /** Folder of the store; a store makes it. */
  readonly dataDir: string;
  /** Database of a store that keeps one file. */
  readonly sqlitePath: string;
  /** Folder that tasks work in; it exists. */
  readonly workspace: string;
  readonly durability: 'always' | 'none';
  /** How much event history to keep, in bytes. */
  readonly eventRetentionBytes: number;
  /** The policies in force. */
  readonly shellPolicy: Policy['shell'];
  readonly egress: Policy['egress'];
  /** `host:port` each. */
  readonly egressAllow: readonly string[];
}

/** What a store is given: also whom to tell what an operator should know. */
export interface StoreDriverSettings extends DriverSettings {
  readonly onWarning: (message: string) => void;
}

/** What a package named by `--store` exports as `createStore`. */
export type CreateStore = (settings: StoreDriverSettings) => TaskStore | Promise<TaskStore>;
/** What a package named by `--executor` exports as `createExecutor`. */
export type CreateExecutor = (
  settings: DriverSettings,
) => Executor | readonly Executor[] | Promise<Executor | readonly Executor[]>;

export function driverSettings(settings: Settings, policy: Policy): DriverSettings {
  return {
    dataDir: settings.dataDir,
    sqlitePath: settings.sqlitePath ?? join(settings.dataDir, 'execgo.db'),
    workspace: settings.workspace,
    durability: settings.durability,
    eventRetentionBytes: settings.eventRetention,
    shellPolicy: policy.shell,
    egress: policy.egress,
    egressAllow: settings.egressAllow,
  };
}
