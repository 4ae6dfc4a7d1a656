import { ExecGoError } from '@execgo/core';
import type { Call } from './call.js';

const KEY = /^[\x21-\x7e]{1,256}$/;

/** The `Idempotency-Key` of a submission; undefined where none is given. @throws ExecGoError `invalid_input` naming the header */
export function idempotencyKey(call: Call): string | undefined {
  const key = call.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (KEY.test(key)) return key;
  throw new ExecGoError('invalid_input', 'Idempotency-Key: expected 1 to 256 visible ASCII characters', {
    details: { field: 'Idempotency-Key' },
  });
}
