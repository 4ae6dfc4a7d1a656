import { ExecGoError, errorMessage, isExecGoError } from '@execgo/core';

export function notOpen(): ExecGoError {
  return new ExecGoError('unavailable', 'the store is not open');
}

/** An append that cannot be; nothing of it was written. */
export function refused(why: string, cause?: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store refused an append and is read-only: ${why}`, { cause });
}

/** A commit failed: it is not tried again, and what the disk has now is known when the database is opened again. */
export function readOnly(cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store is read-only: writing its database failed: ${errorMessage(cause)}`, {
    cause,
  });
}

/** What the store refuses to start on: it names the file, and what a person can do. */
export function damaged(file: string, what: string, cause?: unknown): ExecGoError {
  return new ExecGoError(
    'internal',
    `the store is damaged: ${file}: ${what}. Nothing was changed. Restore the file from a backup, or move it away to begin with an empty one`,
    { details: { file }, cause },
  );
}

/** What finds out more. */
export const LOOK = '`execgo doctor` tells all that is damaged';

/** A row that cannot be believed. Where in the file it lies is not known, so it is named by its key. */
export function damagedRow(file: string, table: string, row: string | number, what: string): ExecGoError {
  return new ExecGoError(
    'internal',
    `the store is damaged: ${file}: in its table ${table} the row ${row} ${what}. Stop the server, see with \`execgo doctor\` what else is damaged, and restore the file from a backup`,
    { details: { file, table, row } },
  );
}

/** What a failed call of SQLite or of the system means for a store. */
export function databaseError(file: string, error: unknown): ExecGoError {
  if (isExecGoError(error)) return error;
  const code = systemCode(error) ?? '';
  if (code === 'SQLITE_NOTADB') return damaged(file, 'it is not a SQLite database', error);
  if (code.startsWith('SQLITE_CORRUPT')) return damaged(file, errorMessage(error), error);
  return new ExecGoError('unavailable', `the database ${file} cannot be used: ${errorMessage(error)}`, {
    cause: error,
  });
}

/** The `code` of a failed call. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
