import type { ApiErrorCode, JsonObject } from '@execgo/core';
import { ExecGoHttpError } from './errors.js';
import { retryAfterMs } from './retry-policy.js';

/** How much of an answer that cannot be used is shown in a message. */
const SHOWN_CHARACTERS = 120;

type ExpectedJson = 'object' | 'array' | 'object or array';

/**
 * The JSON of an answer.
 *
 * @throws ExecGoHttpError where it is none, or not what was asked for
 */
export async function readJson<T extends object>(response: Response, expected: ExpectedJson): Promise<T> {
  const text = await response.text();
  const value = isJson(response) ? parse(text) : undefined;
  const kind = Array.isArray(value) ? 'array' : 'object';
  const fits = typeof value === 'object' && value !== null && expected.includes(kind);
  if (!fits) throw unusable(response, `a JSON ${expected}`, text);
  return value as T;
}

/** The error for an answer that is no success. */
export async function refusal(response: Response): Promise<ExecGoHttpError> {
  const { status, headers } = response;
  const text = await response.text();
  const json = isJson(response) ? parse(text) : undefined;
  const body = (typeof json === 'object' && json !== null ? json : {}) as Partial<Record<string, unknown>>;
  const wait = retryAfterMs(headers.get('retry-after'), Date.now());
  const traceId = body.trace_id ?? headers.get('x-trace-id');
  return new ExecGoHttpError(typeof body.error === 'string' ? body.error : describe(response, text), {
    status,
    body: json ?? text,
    ...(typeof body.code === 'string' && { code: body.code as ApiErrorCode }),
    ...(typeof body.details === 'object' && body.details !== null && { details: body.details as JsonObject }),
    ...(typeof traceId === 'string' && { traceId }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

/** The error for a success that is not what was asked for. */
export function unusable(response: Response, expected: string, body: unknown): ExecGoHttpError {
  const shown = typeof body === 'string' ? body : JSON.stringify(body);
  const message = `${describe(response, shown)}: expected ${expected}; is there an ExecGo server at this address?`;
  return new ExecGoHttpError(message, { status: response.status, body });
}

function describe({ status, url, type, headers }: Response, text: string): string {
  const where = `HTTP ${status}${url === '' ? '' : ` from ${url}`}`;
  // A browser shows nothing of a redirect but that it is one.
  if (type === 'opaqueredirect') return `${where}: a redirect, which is not followed`;
  const location = headers.get('location');
  if (location !== null) return `${where}: a redirect to ${location}, which is not followed`;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `${where}: ${headers.get('content-type') ?? 'no content type'} ${JSON.stringify(shown)}`;
}

export function hasType(response: Response, type: string): boolean {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === type;
}

function isJson(response: Response): boolean {
  return hasType(response, 'application/json');
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
