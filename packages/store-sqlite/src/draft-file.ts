import { rmSync, statSync } from 'node:fs';
import { ExecGoError } from '@execgo/core';
import { loadSqlite } from './load-sqlite.js';
import { APPLICATION_ID } from './schema.js';

/** What SQLite puts beside a database. */
const BESIDE = ['-wal', '-shm', '-journal'];

/** Where a database is made out of another store, until it is complete and gets its name. */
export function draftOf(file: string): string {
  return `${file}.filling`;
}

/** Whether a copy into this place was begun and not finished. */
export function hasDraft(file: string): boolean {
  return statSync(draftOf(file), { throwIfNoEntry: false }) !== undefined;
}

/** What can be done about it. */
export function draftRemedy(file: string): string {
  return `Run the same command again to finish it, or remove ${draftOf(file)}`;
}

/** A start here would make an empty store, and the copy could not be finished. @throws ExecGoError `unavailable` */
export function refuseDraft(file: string): void {
  if (!hasDraft(file)) return;
  throw new ExecGoError(
    'unavailable',
    `${file} is no store yet: a copy into it was begun and not finished. ${draftRemedy(file)}`,
    { details: { file: draftOf(file) } },
  );
}

/**
 * Removes a draft that nothing can go on from: one that has no task and no event yet, and so may not have its name either, or
 * one of the same store at another moment.
 */
export function discardStale(
  draft: string,
  { storeId, firstSeq, lastSeq }: { readonly storeId: string; readonly firstSeq: number; readonly lastSeq: number },
): void {
  // None, or one without content, is begun.
  if ((statSync(draft, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  const db = new (loadSqlite())(draft);
  let isStale: boolean;
  try {
    const has = (sql: string, ...values: readonly unknown[]) =>
      db
        .prepare(`SELECT EXISTS (${sql})`)
        .pluck()
        .get(...values) === 1;
    const isOurs = db.pragma('application_id', { simple: true }) === APPLICATION_ID;
    // What is not ours is left to whoever refuses it.
    isStale = isOurs
      ? !(has('SELECT 1 FROM tasks') || has('SELECT 1 FROM events')) ||
        has('SELECT 1 FROM store WHERE store_id = ? AND (first_seq, last_seq) <> (?, ?)', storeId, firstSeq, lastSeq)
      : !has('SELECT 1 FROM sqlite_schema');
  } finally {
    db.close();
  }
  if (!isStale) return;
  // The log goes first: without its database it would look like damage.
  for (const name of [...BESIDE, '']) rmSync(`${draft}${name}`, { force: true });
}
