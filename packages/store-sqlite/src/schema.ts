import type { SqliteDatabase } from './load-sqlite.js';

/** `EXGO`: tells our databases from those of other programs (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x4558474f;

/**
 * The statements that lead from each version of the schema (`PRAGMA user_version`) to the next. What was released is never
 * changed here: a change of the schema is one more entry.
 */
const MIGRATIONS: readonly string[] = [
  `
  -- crc, in every table: CRC-32 of the columns before it (checked-row.ts).

  -- What holds for the whole store, in one row. first_seq is last_seq + 1 where no event is kept.
  CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    store_id TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    newest_timestamp INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    receipts INTEGER NOT NULL,
    event_bytes INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  -- status: 0 pending, 1 running, 2 success, 3 failed, 4 skipped. state: JSON, null before the first attempt.
  CREATE TABLE tasks (
    submitted_seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    graph_id TEXT NOT NULL,
    type TEXT NOT NULL,
    status INTEGER NOT NULL,
    handle_id TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    annotated INTEGER NOT NULL,
    state TEXT,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX tasks_by_id ON tasks (id);
  CREATE INDEX tasks_by_graph ON tasks (graph_id);
  CREATE INDEX tasks_by_type ON tasks (type);
  CREATE INDEX tasks_by_status ON tasks (status);
  CREATE INDEX tasks_by_handle ON tasks (handle_id) WHERE handle_id IS NOT NULL;
  CREATE INDEX tasks_unfinished ON tasks (submitted_seq) WHERE status < 2;
  CREATE INDEX tasks_finished ON tasks (last_seq) WHERE status >= 2;

  -- Apart from the task, which is written anew by every event: an input may be large.
  CREATE TABLE specs (
    submitted_seq INTEGER PRIMARY KEY,
    spec TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE annotations (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    submitted_seq INTEGER NOT NULL,
    PRIMARY KEY (key, value, submitted_seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    task_id TEXT,
    graph_id TEXT NOT NULL,
    event TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_by_task ON events (task_id) WHERE task_id IS NOT NULL;
  CREATE INDEX events_by_graph ON events (graph_id);

  -- The newest has the highest n.
  CREATE TABLE receipts (
    n INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings a database to the newest version, from the one it has; the caller has a transaction open. */
export function migrate(db: SqliteDatabase, fromVersion: number): void {
  for (const statements of MIGRATIONS.slice(fromVersion)) db.exec(statements);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
}
