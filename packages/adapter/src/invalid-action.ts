import { ExecGoError } from '@execgo/core';

/**
 * The error for an action that cannot be translated.
 *
 * @param field where in the request the fault is
 */
export function invalidAction(problem: string, field: string): ExecGoError {
  return new ExecGoError('invalid_input', `invalid adapter action: ${problem}`, { details: { field } });
}
