import { API_ERROR_CODES, type ApiErrorCode, type ExecGoError, isExecGoError } from '@execgo/core';

/** The one place where a code becomes a status. A code that only a run can end with is no answer of the API: 500. */
export const STATUS_OF: Readonly<Record<ApiErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  denied: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
};

/** What `Retry-After` says where the kernel does not (`details.retry_after_ms`). */
const DEFAULT_RETRY_AFTER_SEC = 1;

export interface ErrorBody {
  readonly error: string;
  readonly code: ApiErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly trace_id: string;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
}

/** How anything that was thrown is answered. What is not an ExecGoError is not shown: it was not written for strangers. */
export function errorAnswer(error: unknown, traceId: string): ErrorAnswer {
  if (!isExecGoError(error)) {
    const body = {
      error: 'internal error; the log of the server has it under this trace_id',
      code: 'internal',
    } as const;
    return { status: STATUS_OF.internal, headers: {}, body: { ...body, trace_id: traceId } };
  }
  const code = isApiCode(error.code) ? error.code : 'internal';
  const details = code === 'internal' ? undefined : error.details;
  return {
    status: STATUS_OF[code],
    headers: headersFor(code, error),
    body: { error: error.message, code, ...(details !== undefined && { details }), trace_id: traceId },
  };
}

function isApiCode(code: string): code is ApiErrorCode {
  return (API_ERROR_CODES as readonly string[]).includes(code);
}

function headersFor(code: ApiErrorCode, error: ExecGoError): Readonly<Record<string, string>> {
  if (code === 'unauthenticated') return { 'WWW-Authenticate': 'Bearer realm="execgo"' };
  if (code !== 'resource_exhausted') return {};
  const waitMs = error.details?.retry_after_ms;
  const seconds = typeof waitMs === 'number' ? Math.max(1, Math.ceil(waitMs / 1000)) : DEFAULT_RETRY_AFTER_SEC;
  return { 'Retry-After': String(seconds) };
}
