import { invalidField } from './task-input.js';

const FORM = /^before:(\d{1,16})$/;

/** Where a listing goes on, as clients carry it: opaque to them, so that what it means may change. */
export function encodePageToken(before: number): string {
  return Buffer.from(`before:${before}`).toString('base64url');
}

/** @throws ExecGoError `invalid_input` for what was never given out */
export function decodePageToken(token: string): number {
  const before = Number(FORM.exec(Buffer.from(token, 'base64url').toString('latin1'))?.[1]);
  if (!Number.isSafeInteger(before) || encodePageToken(before) !== token) {
    throw invalidField('page_token', 'is not one that this server gave out');
  }
  return before;
}
