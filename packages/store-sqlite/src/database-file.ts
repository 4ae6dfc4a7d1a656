import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ExecGoError } from '@execgo/core';
import { refuseDraft } from './draft-file.js';
import { GO_TABLE, importGoTasks } from './import-go-tasks.js';
import { loadSqlite, type SqliteDatabase } from './load-sqlite.js';
import { checkLog } from './log-damage.js';
import type { Durability } from './options.js';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.js';
import { damaged, systemCode } from './store-errors.js';
import { StoreTable } from './store-row.js';

const MAGIC = 'SQLite format 3\0';
/** Pages that the writer keeps in memory, in KiB. */
const CACHE_KIB = 16 * 1024;

export interface WritableOptions {
  readonly file: string;
  readonly durability: Durability;
  readonly busyTimeoutMs: number;
  readonly checkpointBytes: number;
  readonly integrityCheckBytes: number;
  /** A copy that is being made: its newest event is yet to come. @default false */
  readonly isUnfinished?: boolean;
}

export interface WritableDatabase {
  readonly db: SqliteDatabase;
  /** Tasks taken over from the Go original. */
  readonly imported: number;
}

/**
 * Opens the database of a store for its one writer, makes it where there is none, and brings its schema to the newest version.
 * What is not ours is refused as it is.
 *
 * @param warn told of a commit that was interrupted
 * @throws ExecGoError, or what SQLite throws
 */
export function openWritable(options: WritableOptions, warn: (message: string) => void): WritableDatabase {
  const { file, durability, busyTimeoutMs, checkpointBytes, integrityCheckBytes } = options;
  const sqlite = loadSqlite();
  if (isNothing(file)) {
    if (options.isUnfinished !== true) refuseDraft(file);
    create(file);
  } else {
    checkMagic(file);
    checkLog(file, durability, warn);
  }
  const db = new sqlite(file, { timeout: busyTimeoutMs });
  try {
    const version = checkedVersion(db, file);
    // All rows, not the first alone: the change is committed after it, and would fail unnoticed.
    const [mode] = db.pragma('journal_mode = WAL') as { journal_mode: string }[];
    if (mode?.journal_mode !== 'wal') {
      throw new ExecGoError('unavailable', `${file}: its file system does not take a write-ahead log`);
    }
    // SQLite does it as well, with its first commit, and goes on when that fails.
    flushNames(dirname(file));
    // In a write-ahead log, NORMAL flushes nothing but checkpoints, which keeps the file sound over a power cut.
    db.pragma(`synchronous = ${durability === 'always' ? 'FULL' : 'NORMAL'}`);
    // The writer does it itself, when it has answered.
    db.pragma('wal_autocheckpoint = 0');
    db.pragma(`journal_size_limit = ${2 * checkpointBytes}`);
    db.pragma(`cache_size = -${CACHE_KIB}`);
    const imported = version < SCHEMA_VERSION ? bringUp(db, file, version) : 0;
    if (options.isUnfinished !== true) {
      if ((sizeOf(file) ?? 0) <= integrityCheckBytes) checkPages(db, file);
      checkCounters(db, file);
    }
    return { db, imported };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the database of a store to be read, as it is. The caller has seen that it is there. */
export function openReadable(file: string, busyTimeoutMs: number): SqliteDatabase {
  return new (loadSqlite())(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
}

/** Whether there is no database in a place: no file, or an empty one. */
export function isNothing(file: string): boolean {
  const size = sizeOf(file) ?? 0;
  if (size === 0 && (sizeOf(`${file}-wal`) ?? 0) > 0) {
    throw damaged(file, `it is missing or empty, and its write-ahead log ${file}-wal is there`);
  }
  return size === 0;
}

/** Bytes of a file; undefined where there is none. */
export function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** @throws ExecGoError `internal` for a file that SQLite did not write */
export function checkMagic(file: string): void {
  const fd = openSync(file, 'r');
  try {
    if (!fstatSync(fd).isFile()) throw damaged(file, 'it is no file');
    const bytes = Buffer.alloc(MAGIC.length);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    if (bytes.toString('latin1', 0, length) !== MAGIC) throw damaged(file, 'it is not a SQLite database');
  } finally {
    closeSync(fd);
  }
}

/**
 * The version of the schema, 0 for a database without ours.
 * @throws ExecGoError for a database of another program, and for one of a later version
 */
export function checkedVersion(db: SqliteDatabase, file: string): number {
  const version = db.pragma('user_version', { simple: true }) as number;
  const application = db.pragma('application_id', { simple: true }) as number;
  const isOurs = application === APPLICATION_ID;
  if (isOurs && version > SCHEMA_VERSION) {
    throw new ExecGoError(
      'unavailable',
      `${file} was written by a later version of ExecGo (its schema is ${version}, this program knows ${SCHEMA_VERSION}). Nothing was changed. Start the later version, or restore a backup of before`,
      { details: { file, version } },
    );
  }
  if (isOurs && version > 0) return version;
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'").pluck().all();
  const isFresh = application === 0 && version === 0 && (tables.length === 0 || tables.includes(GO_TABLE));
  if (isFresh) return 0;
  throw new ExecGoError(
    'unavailable',
    `${file} is a database of another program. Nothing was changed. Give the store a file of its own`,
    { details: { file } },
  );
}

function bringUp(db: SqliteDatabase, file: string, version: number): number {
  db.exec('BEGIN IMMEDIATE');
  migrate(db, version);
  let imported = 0;
  if (version === 0) {
    new StoreTable(db, file).write({
      store_id: randomBytes(8).toString('hex'),
      first_seq: 1,
      last_seq: 0,
      newest_timestamp: 0,
      tasks: 0,
      finished: 0,
      receipts: 0,
      event_bytes: 0,
    });
    imported = importGoTasks(db, file);
  }
  db.exec('COMMIT');
  return imported;
}

/** What checksums of rows cannot tell: above all an index that does not show a row. */
function checkPages(db: SqliteDatabase, file: string): void {
  const found = db.pragma('integrity_check(1)', { simple: true }) as string;
  if (found !== 'ok') throw damaged(file, `SQLite finds it damaged: ${found}`);
}

/** A look that costs nothing, for a file that was put together from two. */
function checkCounters(db: SqliteDatabase, file: string): void {
  const { first_seq, last_seq, tasks, finished } = new StoreTable(db, file).read();
  const newest = db.prepare('SELECT max(seq) FROM events').pluck().get() as number | null;
  const expected = first_seq > last_seq ? null : last_seq;
  if (newest !== expected) {
    throw damaged(file, `its newest event is ${newest ?? 'none'}, and it should be ${expected ?? 'none'}`);
  }
  // A task that the index does not show would never run.
  const unfinished = db
    .prepare('SELECT count(*) FROM tasks INDEXED BY tasks_unfinished WHERE status < 2')
    .pluck()
    .get() as number;
  if (unfinished !== tasks - finished) {
    throw damaged(file, `its index has ${unfinished} unfinished tasks, and there should be ${tasks - finished}`);
  }
}

/** Makes durable that the database and its log are there. */
function flushNames(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** SQLite gives its other files the mode of the database. */
function create(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
