import { type ErrorCode, ExecGoError, errorMessage } from '@execgo/core';

/** A call of a method in a thread. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

/** What came of it, or what an operator should know. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly warning: string };

/** An ExecGoError on its way from one thread to another. */
export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Text of what caused it. */
  readonly cause?: string;
}

export function sendError(error: ExecGoError): SentError {
  const { code, message, details, cause } = error;
  return {
    code,
    message,
    ...(details !== undefined && { details }),
    ...(cause !== undefined && { cause: errorMessage(cause) }),
  };
}

export function receiveError({ code, message, details, cause }: SentError): ExecGoError {
  return new ExecGoError(code, message, { ...(details !== undefined && { details }), cause });
}
