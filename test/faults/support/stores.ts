import { join } from 'node:path';
import type { StoreReport, TaskStore } from '@execgo/core';
import { createJsonFileMaintenance, createJsonFileStore } from '@execgo/store-jsonfile';
import { createSqliteMaintenance, createSqliteStore, type SqliteStoreOptions } from '@execgo/store-sqlite';

/** A store that promises to keep what it acknowledged. A row in `STORES` is all that a further one needs. */
export interface DurableStore {
  /** As `--store` of the server takes it. */
  readonly name: string;
  /**
   * A store over a directory, not yet open, so small in its measures that a life of some hundred appends meets all that it
   * does besides appending: new files, snapshots, checkpoints.
   */
  create(directory: string): TaskStore;
  /** The same, smaller still: some dozen appends meet all of it. */
  createTiny(directory: string): TaskStore;
  /** The same with its own measures: a life of some hundred appends is in its log alone. */
  createLarge(directory: string, onWarning?: (message: string) => void): TaskStore;
  /** What its maintenance finds in a directory. */
  inspect(directory: string): Promise<StoreReport>;
  /** System calls that it writes its files by, and nothing else in the process. */
  readonly writeCalls: string;
  /** What is written besides the log, seldom, and has faults of its own: paths, by what they are. */
  sideFiles(directory: string): Readonly<Record<string, readonly string[]>>;
  /** Its files that count, where only calls about these do. Empty: nothing else in a server makes `writeCalls`. */
  serverFiles(directory: string): readonly string[];
  /** Whether a file, by its name, holds what was appended last, and so has to be flushed before an append is acknowledged. */
  isLog(name: string): boolean;
  /** Names of files that are replaced as a whole, by a rename of a new version. */
  readonly replaced: readonly string[];
  /** Names of files that are changed in place: the log is flushed before, and they are before what the log holds of it goes. */
  readonly changed: readonly string[];
  /** Whether what it is built on flushes the directory besides, and does not look what came of it. Its own flush counts. */
  readonly flushesNamesTwice: boolean;
}

export const STORES: readonly DurableStore[] = [
  {
    name: 'jsonfile',
    create: (directory) =>
      createJsonFileStore({
        directory,
        segmentBytes: 20_000,
        snapshotMinBytes: 10_000,
        snapshotMinIntervalMs: 20,
        eventRetentionBytes: 200_000,
        onWarning: ignoreCutTail,
      }),
    createTiny: (directory) =>
      createJsonFileStore({
        directory,
        segmentBytes: 1500,
        snapshotMinBytes: 1000,
        snapshotMinIntervalMs: 0,
        onWarning: ignoreCutTail,
      }),
    createLarge: (directory, onWarning = ignoreCutTail) => createJsonFileStore({ directory, onWarning }),
    inspect: (directory) => createJsonFileMaintenance({ directory }).inspect(),
    writeCalls: 'pwrite64',
    sideFiles: (directory) => ({
      'a snapshot': ['state.json.tmp', 'receipts.json.tmp'].map((name) => join(directory, name)),
      'the directory': [directory],
    }),
    serverFiles: () => [],
    isLog: (name) => /^journal-\d+\.log$/.test(name),
    replaced: ['state.json', 'receipts.json', 'store.json'],
    changed: [],
    flushesNamesTwice: false,
  },
  {
    name: 'sqlite',
    create: (directory) => sqlite(directory, { eventRetentionBytes: 200_000, checkpointBytes: 100_000 }),
    createTiny: (directory) => sqlite(directory, { checkpointBytes: 50_000 }),
    createLarge: (directory, onWarning = ignoreCutTail) => sqlite(directory, { onWarning }),
    inspect: (directory) => createSqliteMaintenance({ file: databaseIn(directory) }).inspect(),
    writeCalls: 'pwrite64',
    sideFiles: (directory) => ({ 'the database': [join(directory, 'execgo.db')], 'the directory': [directory] }),
    serverFiles: (directory) => ['execgo.db', 'execgo.db-wal'].map((name) => join(directory, name)),
    isLog: (name) => name === 'execgo.db-wal',
    replaced: [],
    changed: ['execgo.db'],
    flushesNamesTwice: true,
  },
];

function sqlite(directory: string, options: Omit<SqliteStoreOptions, 'file'>): TaskStore {
  return createSqliteStore({ file: databaseIn(directory), onWarning: ignoreCutTail, ...options });
}

function databaseIn(directory: string): string {
  return join(directory, 'execgo.db');
}

export function storeNamed(name: string): DurableStore {
  const store = STORES.find((row) => row.name === name);
  if (store === undefined) throw new RangeError(`no such store: ${name}`);
  return store;
}

/** What was cut off after a crash is what these tests look at, by its effect. */
function ignoreCutTail(): void {}
