import { API_ERROR_CODES, type ApiErrorCode, isExecGoError } from '@execgo/core';
import { Metadata, status } from '@grpc/grpc-js';

/** The one place where a code becomes a status. A code that only a run can end with is no answer of the API: INTERNAL. */
export const GRPC_STATUS_OF: Readonly<Record<ApiErrorCode, status>> = {
  invalid_input: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  denied: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.ABORTED,
  gone: status.FAILED_PRECONDITION,
  // As gRPC itself says of a message that is too large.
  too_large: status.RESOURCE_EXHAUSTED,
  unsupported_media_type: status.INVALID_ARGUMENT,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
  unavailable: status.UNAVAILABLE,
};

/** Message and details go in headers, of which some clients take no more than 8 KiB in all: what is longer is cut, or left out. */
const MAX_MESSAGE_BYTES = 2048;
const MAX_DETAILS_BYTES = 2048;

/** How a call ends that did not succeed. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** How anything that was thrown is answered. What is not an ExecGoError is not shown: it was not written for strangers. */
export function refusal(error: unknown, traceId: string): Refusal {
  if (!isExecGoError(error)) {
    const text = 'internal error; the log of the server has it under this x-trace-id';
    return { code: status.INTERNAL, details: text, metadata: trailers('internal', undefined, traceId) };
  }
  const code = isApiCode(error.code) ? error.code : 'internal';
  const details = code === 'internal' ? undefined : error.details;
  return {
    code: GRPC_STATUS_OF[code],
    details: cutMessage(error.message),
    metadata: trailers(code, details, traceId),
  };
}

function trailers(
  code: ApiErrorCode,
  details: Readonly<Record<string, unknown>> | undefined,
  traceId: string,
): Metadata {
  const metadata = new Metadata();
  metadata.set('x-trace-id', traceId);
  metadata.set('code', code);
  if (details === undefined) return metadata;
  const text = asciiJson(details);
  if (text.length <= MAX_DETAILS_BYTES) metadata.set('details', text);
  return metadata;
}

function isApiCode(code: string): code is ApiErrorCode {
  return (API_ERROR_CODES as readonly string[]).includes(code);
}

/** JSON in the characters that metadata may have. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** On the wire whatever is not ASCII takes three bytes for each of its own; a lone surrogate could not be written at all. */
function cutMessage(message: string): string {
  const wellFormed = Buffer.from(message, 'utf8').toString('utf8');
  let bytes = 0;
  let text = '';
  for (const character of wellFormed) {
    bytes += encodeURI(character).length;
    if (bytes > MAX_MESSAGE_BYTES) return `${text}…`;
    text += character;
  }
  return text;
}
