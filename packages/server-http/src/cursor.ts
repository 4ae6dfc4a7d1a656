import { invalidParameter } from './query.js';

const FORM = /^before:(\d{1,16})$/;

/** Where a listing goes on, as clients carry it: opaque to them, so that what it means may change. */
export function encodeCursor(before: number): string {
  return Buffer.from(`before:${before}`).toString('base64url');
}

/** @throws ExecGoError `invalid_input` for what was never given out */
export function decodeCursor(cursor: string): number {
  const before = Number(FORM.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  if (!Number.isSafeInteger(before) || encodeCursor(before) !== cursor) {
    throw invalidParameter('cursor', 'is not one that this server gave out');
  }
  return before;
}
