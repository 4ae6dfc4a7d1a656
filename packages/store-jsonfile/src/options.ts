import { resolve } from 'node:path';
import { ConfigError, RECEIPT_RETENTION, type ReceiptRetention } from '@execgo/core';
import { type FileSystem, nodeFileSystem } from './file-system.js';

/** `always`: an append resolves when it would survive a power cut. `none`: when the operating system has it, which survives the end of this process only. */
export type Durability = 'always' | 'none';

export interface JsonFileStoreOptions {
  /** Directory of the store, made where it is missing (open to its owner alone). Nothing else may write in it. */
  readonly directory: string;
  /** @default 'always' */
  readonly durability?: Durability;
  /** Bytes of journal kept for event history; what recovery needs is kept beyond it. @default 1 GiB */
  readonly eventRetentionBytes?: number;
  /** Size at which a new journal file is begun, in bytes. @default 64 MiB, or an eighth of `eventRetentionBytes` where that is less */
  readonly segmentBytes?: number;
  /** A snapshot is written when the journal has grown by half the state's size, and at least by this many bytes: a second or two of a start. @default 64 MiB */
  readonly snapshotMinBytes?: number;
  /** Least time from one snapshot to the next, in milliseconds. @default 30,000 */
  readonly snapshotMinIntervalMs?: number;
  /** Size of the state file above which `onWarning` is told to move to another store, in bytes. @default 1 GiB */
  readonly warnStateBytes?: number;
  /** How long receipts are kept. @default 24 hours and 100,000 keys */
  readonly receipts?: ReceiptRetention;
  /** Told what an operator should know: a damaged tail that was cut, a snapshot that failed, a state that grows too large. @default `process.emitWarning` */
  readonly onWarning?: (message: string) => void;
  /** The disk. @default this machine's */
  readonly fileSystem?: FileSystem;
}

export const DEFAULT_EVENT_RETENTION_BYTES = 1024 ** 3;
export const DEFAULT_SEGMENT_BYTES = 64 * 1024 ** 2;
export const DEFAULT_SNAPSHOT_MIN_BYTES = 64 * 1024 ** 2;
export const DEFAULT_SNAPSHOT_MIN_INTERVAL_MS = 30_000;
export const DEFAULT_WARN_STATE_BYTES = 1024 ** 3;
/** A small retention is kept in a few files, so that dropping the oldest leaves most of it. */
const SEGMENTS_KEPT = 8;

export interface ResolvedOptions extends Required<JsonFileStoreOptions> {}

/** Of them, what filling a directory goes by. */
export type FillOptions = Pick<ResolvedOptions, 'fileSystem' | 'directory' | 'segmentBytes'>;

/** @throws ConfigError for an option that cannot be used */
export function resolveOptions(options: JsonFileStoreOptions): ResolvedOptions {
  const { directory, durability = 'always', onWarning = emitWarning, fileSystem = nodeFileSystem } = options;
  if (typeof directory !== 'string' || directory === '') throw new ConfigError('directory', 'a path', directory);
  if (durability !== 'always' && durability !== 'none') {
    throw new ConfigError('durability', '"always" or "none"', durability);
  }
  const eventRetentionBytes = count(options, 'eventRetentionBytes', DEFAULT_EVENT_RETENTION_BYTES);
  const receipts = options.receipts ?? RECEIPT_RETENTION;
  return {
    directory: resolve(directory),
    durability,
    eventRetentionBytes,
    segmentBytes: count(
      options,
      'segmentBytes',
      Math.min(DEFAULT_SEGMENT_BYTES, Math.ceil(eventRetentionBytes / SEGMENTS_KEPT)),
    ),
    snapshotMinBytes: count(options, 'snapshotMinBytes', DEFAULT_SNAPSHOT_MIN_BYTES),
    snapshotMinIntervalMs: count(options, 'snapshotMinIntervalMs', DEFAULT_SNAPSHOT_MIN_INTERVAL_MS),
    warnStateBytes: count(options, 'warnStateBytes', DEFAULT_WARN_STATE_BYTES),
    receipts: {
      maxAgeMs: count({ 'receipts.maxAgeMs': receipts.maxAgeMs }, 'receipts.maxAgeMs', 0),
      maxKeys: count({ 'receipts.maxKeys': receipts.maxKeys }, 'receipts.maxKeys', 0),
    },
    onWarning,
    fileSystem,
  };
}

function count(options: object, name: string, fallback: number): number {
  const value = (options as Readonly<Record<string, unknown>>)[name] ?? fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ConfigError(name, 'a whole number, 0 or more', value);
  }
  return value as number;
}

function emitWarning(message: string): void {
  process.emitWarning(message, { code: 'EXECGO_STORE' });
}
