import { actorOf } from '@execgo/access';
import type { SubmitOptions } from '@execgo/core';
import type { Call } from './call.js';

/** Who submits, and the `Idempotency-Key` where one is given; the kernel says whether it can be used. */
export function submitOptions(call: Call): SubmitOptions {
  const key = call.headers.get('idempotency-key');
  return { ...actorOf(call.caller), ...(key !== null && { idempotencyKey: key }) };
}
