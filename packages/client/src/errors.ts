import type { ApiErrorCode, JsonObject } from '@execgo/core';

/** Whatever a client rejects with, besides the reason of a signal. */
export abstract class ExecGoClientError extends Error {}

/** What an answer said that was no success, or that cannot be used. */
export interface HttpErrorFacts {
  readonly status: number;
  readonly code?: ApiErrorCode;
  readonly details?: JsonObject;
  readonly traceId?: string;
  readonly body: unknown;
  readonly retryAfterMs?: number;
}

/** The server answered, and the answer is a refusal or nothing that an ExecGo server says. */
export class ExecGoHttpError extends ExecGoClientError {
  override readonly name = 'ExecGoHttpError';
  /** Of HTTP. A success (2xx) where the answer was not what was asked for: a page of a proxy, half a document. */
  readonly status: number;
  /** Of ExecGo; undefined where something else answered. */
  readonly code: ApiErrorCode | undefined;
  /** What the server says besides; of status 410 `oldest_seq`, the oldest event that is kept. */
  readonly details: JsonObject | undefined;
  /** By which the log of the server has it. */
  readonly traceId: string | undefined;
  /** The answer: parsed where it is JSON, else its text. */
  readonly body: unknown;
  /** When the server would have it tried again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { status, code, details, traceId, body, retryAfterMs }: HttpErrorFacts) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.traceId = traceId;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or not all of one: nobody listens there, the connection broke, or nothing came in time. `cause` says more. */
export class ExecGoUnreachableError extends ExecGoClientError {
  override readonly name = 'ExecGoUnreachableError';

  constructor(
    /** Of the server, without credentials. */
    readonly url: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${url}: ${problem}`, options);
  }
}

/** An argument that cannot be used: nothing was sent. */
export class ExecGoOptionError extends ExecGoClientError {
  override readonly name = 'ExecGoOptionError';

  constructor(
    readonly option: string,
    expected: string,
    received: unknown,
  ) {
    super(`option ${option}: expected ${expected}, got ${describe(received)}`);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
