import {
  ExecGoError,
  errorMessage,
  isExecGoError,
  type Json,
  type JsonLimits,
  RUN_ERROR_CODES,
  type RunErrorCode,
  type RuntimeError,
  toPlainJson,
} from '@execgo/core';
import type { Outcome } from './attempt.js';

const RUN_CODES: ReadonlySet<string> = new Set(RUN_ERROR_CODES);

/** The outcome of an attempt that resolved: a result that cannot be stored is a failure. */
export function succeeded(value: unknown, limits: JsonLimits): Outcome {
  try {
    return { ok: true, result: toPlainJson(value, limits) };
  } catch (error) {
    return failed(error, limits);
  }
}

/** The outcome of an attempt that threw; `details.result` of the error is the output it leaves, `details.details` its details. */
export function failed(thrown: unknown, limits: JsonLimits): Outcome {
  const error = isExecGoError(thrown) ? thrown : new ExecGoError('internal', errorMessage(thrown), { cause: thrown });
  return {
    ok: false,
    error,
    result: storable(error.details?.result, limits),
    details: storable(error.details?.details, limits),
  };
}

/** What is kept where it can be, and marked as omitted where it cannot: what it comes with matters more. */
export function storable(value: unknown, limits: JsonLimits): Json | undefined {
  if (value === undefined) return undefined;
  try {
    return toPlainJson(value, limits);
  } catch (error) {
    return { omitted: errorMessage(error) };
  }
}

/** The wire's form of an error; codes that only the API knows become the nearest code of a run. */
export function toRuntimeError(error: ExecGoError, limits: JsonLimits): RuntimeError {
  const { result: _, details: __, ...rest } = error.details ?? {};
  const details = Object.keys(rest).length > 0 ? storable(rest, limits) : undefined;
  return {
    code: runCode(error),
    message: error.message,
    ...(error.retryable && { retryable: true }),
    ...(error.source !== undefined && { source: error.source }),
    ...(details !== undefined && { details }),
  };
}

function runCode(error: ExecGoError): RunErrorCode {
  if (RUN_CODES.has(error.code)) return error.code as RunErrorCode;
  return error.retryable ? 'external_failure' : 'internal';
}
