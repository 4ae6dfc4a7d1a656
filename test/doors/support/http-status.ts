import type { ApiErrorCode } from '@execgo/core';
import { expect } from 'vitest';

/** The table of the wire contract. */
const HTTP_STATUS_OF: Readonly<Record<ApiErrorCode, number>> = {
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

/** An error of the HTTP API, once its status is the one that its code has. */
export function httpRefusal(status: number, code: unknown, message: unknown) {
  expect(HTTP_STATUS_OF, `the code of HTTP ${status}: ${message}`).toHaveProperty(String(code), status);
  expect(message).toBeTypeOf('string');
  return { error: { code: code as ApiErrorCode, message: message as string } };
}
