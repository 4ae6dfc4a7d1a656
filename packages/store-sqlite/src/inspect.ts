import { errorMessage, type StoreFinding, type StoreReport } from '@execgo/core';
import { checkedVersion, checkMagic, isNothing, openReadable, sizeOf } from './database-file.js';
import { inspectRows, type Tell } from './inspect-rows.js';
import type { SqliteDatabase } from './load-sqlite.js';
import { logDamage, textOf } from './log-damage.js';
import { DEFAULT_BUSY_TIMEOUT_MS } from './options.js';
import { SCHEMA_VERSION } from './schema.js';
import { EVENT_BYTES, type StoreRow, StoreTable } from './store-row.js';
import { FIRST_TERMINAL } from './task-line.js';

const RESTORE = 'Restore the file from a backup';
/** Damages of one kind that are told one by one. */
const MOST_TOLD = 10;

/** Looks at the whole database and changes nothing in it. */
export function inspect(file: string): StoreReport {
  const facts: Record<string, string | number> = {};
  const findings: StoreFinding[] = [];
  const tell: Tell = (severity, message, remedy) =>
    findings.push({ severity, message, file, ...(remedy !== undefined && { remedy }) });
  let db: SqliteDatabase | undefined;
  try {
    if (isNothing(file)) {
      tell('note', 'there is no store yet');
      return { place: file, facts, findings };
    }
    checkMagic(file);
    facts.bytes = sizeOf(file) ?? 0;
    facts.log_bytes = sizeOf(`${file}-wal`) ?? 0;
    const damage = logDamage(file);
    if (damage?.kind === 'unfinished') tell('note', textOf(damage));
    else if (damage !== undefined) tell('error', textOf(damage), RESTORE);
    db = openReadable(file, DEFAULT_BUSY_TIMEOUT_MS);
    // One moment of it, so that what a server writes meanwhile does not look like a contradiction.
    db.exec('BEGIN');
    const version = checkedVersion(db, file);
    facts.schema_version = version;
    const problems = db.pragma(`integrity_check(${MOST_TOLD})`) as { integrity_check: string }[];
    for (const { integrity_check } of problems) {
      if (integrity_check !== 'ok') tell('error', `SQLite finds it damaged: ${integrity_check}`, RESTORE);
    }
    if (version < SCHEMA_VERSION)
      tell('note', 'its schema is of an earlier version: the next start brings it up to date');
    else {
      inspectRows(db, file, tell, RESTORE);
      inspectTables(db, new StoreTable(db, file).readUnchecked(), facts, tell);
    }
  } catch (error) {
    tell('error', errorMessage(error), RESTORE);
  } finally {
    db?.close();
  }
  return { place: file, facts, findings };
}

function inspectTables(db: SqliteDatabase, row: StoreRow, facts: Record<string, string | number>, tell: Tell): void {
  const { store_id, ...numbers } = row;
  Object.assign(facts, { store_id }, numbers);
  const numberOf = (sql: string) => db.prepare(sql).pluck().get() as number;
  const counted: readonly [keyof StoreRow, number][] = [
    ['tasks', numberOf('SELECT count(*) FROM tasks')],
    ['finished', numberOf(`SELECT count(*) FROM tasks WHERE status >= ${FIRST_TERMINAL}`)],
    ['receipts', numberOf('SELECT count(*) FROM receipts')],
    ['event_bytes', numberOf(`SELECT coalesce(sum(${EVENT_BYTES}), 0) FROM events`)],
  ];
  for (const [name, found] of counted) {
    if (found !== row[name])
      tell('error', `${name} should be ${found}, and its table store says ${row[name]}`, RESTORE);
  }
  const specs = numberOf('SELECT count(*) FROM tasks JOIN specs USING (submitted_seq)');
  if (specs !== counted[0]?.[1])
    tell('error', `${(counted[0]?.[1] ?? 0) - specs} tasks have lost what was asked for`, RESTORE);
  const expected = row.last_seq - row.first_seq + 1;
  const [events, first, last] = db.prepare('SELECT count(*), min(seq), max(seq) FROM events').raw().get() as number[];
  const isWhole = events === expected && (expected === 0 || (first === row.first_seq && last === row.last_seq));
  if (!isWhole) {
    tell(
      'error',
      `of the events ${row.first_seq} to ${row.last_seq} there are ${events}, from ${first} to ${last}`,
      RESTORE,
    );
  }
  const late = numberOf(`SELECT count(*) FROM tasks WHERE last_seq > ${row.last_seq}`);
  if (late > 0) tell('error', `${late} tasks are ahead of the newest event, ${row.last_seq}`, RESTORE);
  const lost = numberOf(
    `SELECT count(*) FROM tasks WHERE last_seq >= ${row.first_seq} AND NOT EXISTS (SELECT 1 FROM events WHERE seq = tasks.last_seq AND task_id = tasks.id)`,
  );
  if (lost > 0) tell('error', `${lost} tasks have no event that led to their state`, RESTORE);
}
