import { ExecGoError, type RunErrorCode } from '@execgo/core';
import type { RunFailure } from './run-status.js';

/** Where an error comes from that the runtime has told. */
export const SOURCE = 'execgo-runtime';
/** The runtime's words may be of any length. */
const MAX_MESSAGE = 1000;

/** The codes of a runtime in those of a run; all others are `external_failure`. */
const CODES: ReadonlyMap<string, RunErrorCode> = new Map<string, RunErrorCode>([
  ['invalid_input', 'invalid_input'],
  ['launch_failed', 'launch_failed'],
  ['timeout', 'timeout'],
  ['cancelled', 'cancelled'],
  ['memory_limit_exceeded', 'memory_limit_exceeded'],
  ['cpu_limit_exceeded', 'cpu_limit_exceeded'],
  ['resource_limit_exceeded', 'resource_limit_exceeded'],
  ['insufficient_resources', 'resource_limit_exceeded'],
  ['sandbox_setup_failed', 'sandbox_setup_failed'],
  ['unsupported_capability', 'sandbox_setup_failed'],
  ['exit_non_zero', 'exit_nonzero'],
  ['exit_nonzero', 'exit_nonzero'],
  ['permission_denied', 'denied'],
  ['denied', 'denied'],
  ['not_found', 'not_found'],
]);

/** The failure of a run, in the words of the runtime, whose own code stays in `details.runtime_code`. */
export function runError(
  failure: RunFailure,
  extra: Readonly<Record<string, unknown>> = {},
  comeBack = false,
): ExecGoError {
  const code = CODES.get(failure.code) ?? 'external_failure';
  const message = failure.message === '' ? `the runtime says ${failure.code}` : failure.message.slice(0, MAX_MESSAGE);
  return new ExecGoError(code, message, {
    ...(comeBack && { retryable: true }),
    source: SOURCE,
    details: {
      runtime_code: failure.code,
      ...(failure.details !== undefined && { runtime_details: failure.details }),
      ...extra,
    },
  });
}
