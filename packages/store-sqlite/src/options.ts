import { basename, dirname, resolve } from 'node:path';
import { ConfigError, RECEIPT_RETENTION, type ReceiptRetention } from '@execgo/core';

/**
 * `always`: an append resolves when it would survive a power cut. `none`: no append is flushed, and resolves when the operating
 * system has it, which survives the end of this process; a power cut may take the newest ones, and leaves a sound file.
 */
export type Durability = 'always' | 'none';

export interface SqliteStoreOptions {
  /** The database, made where it is missing, with its folder (open to its owner alone). Only its lock keeps others out of the folder. */
  readonly file: string;
  /** A folder that belongs to the store as well, for which the lock is taken too. @default the folder of `file` */
  readonly directory?: string;
  /** @default 'always' */
  readonly durability?: Durability;
  /** Bytes of events kept for history; the oldest are dropped first, and their space is used again. @default 1 GiB */
  readonly eventRetentionBytes?: number;
  /** How long receipts are kept. @default 24 hours and 100,000 keys */
  readonly receipts?: ReceiptRetention;
  /** How long an append waits for a foreign program that holds the database, in milliseconds; then it fails. @default 5,000 */
  readonly busyTimeoutMs?: number;
  /** Size of the write-ahead log at which it is worked into the database, in bytes. @default 16 MiB */
  readonly checkpointBytes?: number;
  /** Size of a database up to which `open` has SQLite look at all of it, indexes included, in bytes; larger ones: `execgo doctor`. 0 for never. @default 64 MiB, which takes 0.3 s */
  readonly integrityCheckBytes?: number;
  /** Told what an operator should know: tasks taken over from the Go original, a log that cannot be shortened. @default `process.emitWarning` */
  readonly onWarning?: (message: string) => void;
}

export const DEFAULT_EVENT_RETENTION_BYTES = 1024 ** 3;
export const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
export const DEFAULT_CHECKPOINT_BYTES = 16 * 1024 ** 2;
export const DEFAULT_INTEGRITY_CHECK_BYTES = 64 * 1024 ** 2;
/** Longest wait that SQLite can be told: it counts in a signed 32-bit number. */
const MAX_BUSY_TIMEOUT_MS = 2 ** 31 - 1;

export interface ResolvedOptions extends Required<SqliteStoreOptions> {}

/** @throws ConfigError for an option that cannot be used */
export function resolveOptions(options: SqliteStoreOptions): ResolvedOptions {
  const { durability = 'always', onWarning = emitWarning } = options;
  const file = resolveFile(options.file);
  const { directory = dirname(file), receipts = RECEIPT_RETENTION } = options;
  if (typeof directory !== 'string' || directory === '') throw new ConfigError('directory', 'a path', directory);
  if (durability !== 'always' && durability !== 'none') {
    throw new ConfigError('durability', '"always" or "none"', durability);
  }
  const busyTimeoutMs = count(options, 'busyTimeoutMs', DEFAULT_BUSY_TIMEOUT_MS);
  if (busyTimeoutMs > MAX_BUSY_TIMEOUT_MS) {
    throw new ConfigError('busyTimeoutMs', `at most ${MAX_BUSY_TIMEOUT_MS}`, busyTimeoutMs);
  }
  return {
    file,
    directory: resolve(directory),
    durability,
    eventRetentionBytes: count(options, 'eventRetentionBytes', DEFAULT_EVENT_RETENTION_BYTES),
    receipts: {
      maxAgeMs: count({ 'receipts.maxAgeMs': receipts.maxAgeMs }, 'receipts.maxAgeMs', 0),
      maxKeys: count({ 'receipts.maxKeys': receipts.maxKeys }, 'receipts.maxKeys', 0),
    },
    busyTimeoutMs,
    checkpointBytes: count(options, 'checkpointBytes', DEFAULT_CHECKPOINT_BYTES),
    integrityCheckBytes: count(options, 'integrityCheckBytes', DEFAULT_INTEGRITY_CHECK_BYTES),
    onWarning,
  };
}

/** The absolute path of a database. @throws ConfigError for what names none; SQLite takes `:memory:` for something else */
export function resolveFile(file: unknown): string {
  if (typeof file !== 'string' || file === '' || file.includes('\0') || file.startsWith(':')) {
    throw new ConfigError('file', 'the path of a database', file);
  }
  const absolute = resolve(file);
  if (basename(absolute) === '') throw new ConfigError('file', 'the path of a database', file);
  return absolute;
}

function count(options: object, name: string, fallback: number): number {
  const value = (options as Readonly<Record<string, unknown>>)[name] ?? fallback;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ConfigError(name, 'a whole number, 0 or more', value);
  }
  return value as number;
}

export function emitWarning(message: string): void {
  process.emitWarning(message, { code: 'EXECGO_STORE' });
}
