import { createHash, randomUUID } from 'node:crypto';
import type { SubmitOptions } from '@execgo/core';

/**
 * The id of a task whose caller named none. A repeat with its `Idempotency-Key` has to name the same task; the same key of
 * another caller another one.
 */
export function freshId(prefix: string, { idempotencyKey: key, actor }: SubmitOptions): string {
  if (key === undefined) return `${prefix}-${randomUUID()}`;
  const hash = createHash('sha256').update(actor === undefined ? key : `${actor}\n${key}`);
  return `${prefix}-${hash.digest('hex').slice(0, 32)}`;
}
