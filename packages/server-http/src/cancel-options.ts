import { actorOf } from '@execgo/access';
import { type CancelOptions, ExecGoError, isJsonObject } from '@execgo/core';
import type { ResolvedLimits } from './app-options.js';
import type { Call } from './call.js';
import { optionalJsonBody } from './json-body.js';

/** Who cancels, and the reason in the body `{reason?}`, which may be left out. */
export async function cancelOptions(call: Call, limits: ResolvedLimits): Promise<CancelOptions> {
  const actor = actorOf(call.caller);
  const body = await optionalJsonBody(call, limits.maxBodyBytes);
  if (body === undefined) return actor;
  if (!isJsonObject(body)) throw invalid('expected an object with a reason');
  const { reason } = body;
  if (reason === undefined || reason === null || reason === '') return actor;
  if (typeof reason !== 'string') throw invalid('reason: expected a string');
  if (reason.length > limits.maxReasonLength) throw invalid(`reason: at most ${limits.maxReasonLength} characters`);
  return { ...actor, reason };
}

function invalid(problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `invalid JSON: ${problem}`, { details: { field: 'reason' } });
}
