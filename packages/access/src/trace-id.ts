import { randomFillSync } from 'node:crypto';

const ID_BYTES = 8;
const POOL_BYTES = 512 * ID_BYTES;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,128}$/;

const pool = Buffer.allocUnsafe(POOL_BYTES);
let next = POOL_BYTES;

/** The caller's id where it can be echoed (1–128 visible ASCII characters), else a fresh one of 16 hex digits. */
export function traceIdOf(given: string | null | undefined): string {
  return typeof given === 'string' && VISIBLE_ASCII.test(given) ? given : freshTraceId();
}

/** Random bytes are drawn for many ids at once: one draw for each would be a third of the cost of a small request. */
export function freshTraceId(): string {
  if (next === POOL_BYTES) {
    randomFillSync(pool);
    next = 0;
  }
  const id = pool.toString('hex', next, next + ID_BYTES);
  next += ID_BYTES;
  return id;
}
