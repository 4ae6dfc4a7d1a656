import { ExecGoError, isJsonObject } from '@execgo/core';
import type { ResolvedLimits } from './app-options.js';
import type { Call } from './call.js';
import { optionalJsonBody } from './json-body.js';

/** The reason in the body `{reason?}` of a cancellation; undefined when there is none, or no body at all. */
export async function cancelReason(call: Call, limits: ResolvedLimits): Promise<{ reason?: string }> {
  const body = await optionalJsonBody(call, limits.maxBodyBytes);
  if (body === undefined) return {};
  if (!isJsonObject(body)) throw invalid('expected an object with a reason');
  const { reason } = body;
  if (reason === undefined || reason === null || reason === '') return {};
  if (typeof reason !== 'string') throw invalid('reason: expected a string');
  if (reason.length > limits.maxReasonLength) throw invalid(`reason: at most ${limits.maxReasonLength} characters`);
  return { reason };
}

function invalid(problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `invalid JSON: ${problem}`, { details: { field: 'reason' } });
}
