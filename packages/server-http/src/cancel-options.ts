import { actorOf } from '@execgo/access';
import type { CancelOptions } from '@execgo/core';
import * as v from 'valibot';
import type { ResolvedLimits } from './app-options.js';
import type { Call } from './call.js';
import { checkedBody } from './checked-body.js';
import { optionalJsonBody } from './json-body.js';

/** Who cancels, and the reason in the body `{reason?}`, which may be left out. */
export async function cancelOptions(call: Call, limits: ResolvedLimits): Promise<CancelOptions> {
  const actor = actorOf(call.caller);
  const body = await optionalJsonBody(call, limits.maxBodyBytes);
  if (body === undefined) return actor;
  const { reason } = checkedBody(cancellation(limits), body, 'expected an object with a reason');
  return reason ? { ...actor, reason } : actor;
}

/** The body of a cancellation. */
export function cancellation({ maxReasonLength }: Pick<ResolvedLimits, 'maxReasonLength'>) {
  return v.object({
    reason: v.nullish(
      v.pipe(
        v.string('expected a string'),
        v.maxLength(maxReasonLength, `at most ${maxReasonLength} characters`),
        v.description('Goes into the error message of the task.'),
      ),
    ),
  });
}
