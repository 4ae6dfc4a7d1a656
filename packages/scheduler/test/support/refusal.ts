import { type ExecGoError, isExecGoError } from '@execgo/core';
import { expect } from 'vitest';

/** The error that a call is refused with; a test fails when it is not refused, or not with an ExecGoError. */
export async function refusal(call: Promise<unknown>): Promise<ExecGoError> {
  const reason: unknown = await call.then(
    (value) => expect.unreachable(`not refused: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (isExecGoError(reason)) return reason;
  throw reason;
}
