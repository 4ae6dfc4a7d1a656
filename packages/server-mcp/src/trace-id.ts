import { randomBytes } from 'node:crypto';

const ID_BYTES = 8;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,128}$/;

/** The caller's id where it can be echoed (1–128 visible ASCII characters), else a fresh one of 16 hex digits. */
export function traceIdOf(given: string | null): string {
  return given !== null && VISIBLE_ASCII.test(given) ? given : randomBytes(ID_BYTES).toString('hex');
}
