import { type ApiErrorCode, type ExecGoError, isExecGoError } from '@execgo/core';

/** Code of JSON-RPC for what a server defines itself. */
export const SERVER_ERROR = -32_000;
/** What streamable HTTP answers to a session that is not there (any more). */
export const SESSION_NOT_FOUND = -32_001;
const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;

const STATUS_OF: Readonly<Partial<Record<ApiErrorCode, number>>> = {
  invalid_input: 400,
  unauthenticated: 401,
  denied: 403,
  too_large: 413,
  unsupported_media_type: 415,
  unavailable: 503,
};

/** An error that comes before, or instead of, a message of the protocol. */
export function rpcError(status: number, code: number, message: string, data?: Record<string, unknown>): Response {
  return Response.json(
    { jsonrpc: '2.0', error: { code, message, ...(data !== undefined && { data }) }, id: null },
    { status },
  );
}

/** The same for an error of ours; undefined for what was not written for strangers. */
export function thrownAnswer(error: unknown): Response | undefined {
  if (!isExecGoError(error)) return undefined;
  const status = STATUS_OF[error.code as ApiErrorCode];
  if (status === undefined) return undefined;
  const answer = rpcError(status, rpcCodeOf(error), error.message, { code: error.code });
  if (status === 401) answer.headers.set('WWW-Authenticate', 'Bearer realm="execgo"');
  if (status === 503) answer.headers.set('Retry-After', '1');
  return answer;
}

function rpcCodeOf({ code }: ExecGoError): number {
  return code === 'invalid_input' ? PARSE_ERROR : SERVER_ERROR;
}
