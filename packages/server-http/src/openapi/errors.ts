import type { ApiErrorCode, JsonObject } from '@execgo/core';
import { STATUS_OF } from '../error-answer.js';
import { TRACE_ID_HEADER } from './headers.js';

/** What a code means, and how it is shown. */
const ERRORS: Readonly<
  Record<ApiErrorCode, { readonly meaning: string; readonly example: string; readonly details?: JsonObject }>
> = {
  invalid_input: {
    meaning: 'The request cannot be used; `details.field` names what is wrong where it is one field.',
    example: 'invalid JSON: tasks[3].retry: expected an integer, got "x"',
    details: { field: 'tasks[3].retry' },
  },
  unauthenticated: { meaning: 'A token is missing or not known.', example: 'a token is required' },
  denied: {
    meaning: 'This caller may not, or the policy of the server forbids it.',
    example: 'the token "viewer" does not have the scope submit',
  },
  not_found: { meaning: 'There is no such thing.', example: 'task not found: build', details: { task_id: 'build' } },
  conflict: {
    meaning:
      'Something else is in the way: an id that is not terminal or that others depend on, a key used for another body, a task that ended otherwise.',
    example: 'task "build" is running',
  },
  gone: {
    meaning: 'Events after that place are no longer kept; `details.oldest_seq` is the oldest one that is.',
    example: 'events up to seq 41 are no longer kept',
    details: { oldest_seq: 42 },
  },
  too_large: {
    meaning: 'More than the server takes; `details.limit` says how much that is.',
    example: 'the body is larger than the limit of 8388608 bytes',
    details: { limit: 8_388_608 },
  },
  unsupported_media_type: {
    meaning: 'The body is not `application/json` in UTF-8.',
    example: 'Content-Type "text/plain" is not supported: send application/json in UTF-8',
  },
  resource_exhausted: {
    meaning: 'Too much at once: the same later, not before `Retry-After`.',
    example: '1000000 tasks are not finished, which is the limit',
  },
  internal: {
    meaning: 'The server failed; its log says why.',
    example: 'internal error; the log of the server has it under this trace_id',
  },
  unavailable: {
    meaning:
      'The kernel does not take work now. Of a submission: it is not known whether it was taken; repeat it with its key.',
    example: 'the kernel is stopping',
  },
};

const HEADERS_OF: Partial<Record<ApiErrorCode, JsonObject>> = {
  unauthenticated: { 'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' } } },
  resource_exhausted: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } } },
};

const ERROR_CODES = Object.keys(ERRORS) as readonly ApiErrorCode[];

/** What every operation can be refused with; one that asks for no token, without the two in the middle. */
export const COMMON_ERRORS: readonly ApiErrorCode[] = ['invalid_input', 'unauthenticated', 'denied', 'internal'];

/** The answers of `components.responses`, by code. */
export function errorResponses(): JsonObject {
  return Object.fromEntries(
    ERROR_CODES.map((code) => [
      code,
      errorResponse(ERRORS[code].meaning, code, ERRORS[code].example, ERRORS[code].details, HEADERS_OF[code]),
    ]),
  );
}

/** Reference and status of an answer of `components.responses`. */
export function errorReference(code: ApiErrorCode): readonly [status: string, reference: JsonObject] {
  return [String(STATUS_OF[code]), { $ref: `#/components/responses/${code}` }];
}

/** An answer in the form of every error, for a status that no code has. */
export function errorResponse(
  description: string,
  code: ApiErrorCode,
  message: string,
  details?: JsonObject,
  headers?: JsonObject,
): JsonObject {
  return {
    description,
    headers: { ...TRACE_ID_HEADER, ...headers },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Error' },
        example: { error: message, code, ...(details !== undefined && { details }), trace_id: '5f0c2a9d7b1e4c38' },
      },
    },
  };
}
