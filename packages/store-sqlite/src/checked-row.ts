import type { ExecGoError } from '@execgo/core';
import { crc32 } from './checksum.js';
import { damagedRow } from './store-errors.js';

export type Column = string | number | null;

/** The tables whose rows have a checksum in their last column; the first one is their key. */
export const CHECKED_TABLES = ['store', 'tasks', 'specs', 'events', 'receipts'] as const;
export type CheckedTable = (typeof CHECKED_TABLES)[number];

/** Neither is in a column otherwise: see `toColumn`, and JSON has no control characters. */
const BETWEEN = '\0';
const NULL = '\u0001';

/**
 * The columns of a row with the checksum that goes behind them. SQLite does not notice a bit that has changed on the disk. The
 * checksum counts the table, the key and the bounds of columns in, so that a row in the place of another does not match either.
 */
export function withChecksum(table: CheckedTable, columns: readonly Column[]): readonly Column[] {
  return [...columns, checksum(table, columns, 0, columns.length)];
}

/**
 * What is wrong with a row as it was read, with all its columns; undefined for nothing.
 *
 * @param from where it begins in `columns`, for a row that was read together with another
 * @param end where it ends
 */
export function mismatch(
  file: string,
  table: CheckedTable,
  columns: readonly Column[],
  from = 0,
  end = columns.length,
): ExecGoError | undefined {
  if (columns[end - 1] === checksum(table, columns, from, end - 1)) return undefined;
  return damagedRow(file, table, columns[from] ?? 'unknown', 'does not match its checksum');
}

/** @throws ExecGoError `internal` naming the row that does not match its checksum */
export function checkRow(
  file: string,
  table: CheckedTable,
  columns: readonly Column[],
  from?: number,
  end?: number,
): void {
  const problem = mismatch(file, table, columns, from, end);
  if (problem !== undefined) throw problem;
}

function checksum(table: CheckedTable, columns: readonly Column[], from: number, end: number): number {
  let text: string = table;
  for (let at = from; at < end; at += 1) text += BETWEEN + (columns[at] ?? NULL);
  return crc32(text);
}
