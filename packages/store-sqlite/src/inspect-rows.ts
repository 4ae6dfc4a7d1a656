import { errorMessage, type StoreFinding } from '@execgo/core';
import { CHECKED_TABLES, type Column, mismatch } from './checked-row.js';
import type { SqliteDatabase } from './load-sqlite.js';

/** Rows of one table that are told one by one. */
const MOST_TOLD = 10;

export type Tell = (severity: StoreFinding['severity'], message: string, remedy?: string) => void;

/** Reads every row of every table and tells which ones do not match their checksum. */
export function inspectRows(db: SqliteDatabase, file: string, tell: Tell, remedy: string): void {
  for (const table of CHECKED_TABLES) {
    let wrong = 0;
    try {
      const rows = db.prepare<unknown[]>(`SELECT * FROM ${table} NOT INDEXED`).raw().iterate();
      for (const columns of rows as IterableIterator<readonly Column[]>) {
        if (mismatch(file, table, columns) === undefined) continue;
        wrong += 1;
        if (wrong <= MOST_TOLD) {
          tell('error', `in its table ${table} the row ${columns[0]} does not match its checksum`, remedy);
        }
      }
    } catch (error) {
      tell('error', `its table ${table} cannot be read to its end: ${errorMessage(error)}`, remedy);
    }
    if (wrong > MOST_TOLD) {
      tell('error', `in its table ${table} ${wrong - MOST_TOLD} further rows do not match their checksums`, remedy);
    }
  }
}
