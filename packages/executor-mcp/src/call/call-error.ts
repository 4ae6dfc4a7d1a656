import { ExecGoError, errorMessage, isExecGoError } from '@execgo/core';
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { clip } from '../clip.js';
import type { Redact } from '../config/redact.js';
import { ConnectionLost, LOST_CODE, TOO_LONG_CODE } from '../transport/connection-lost.js';

const MAX_MESSAGE_LENGTH = 2_000;

export interface FailedCall {
  readonly server: string;
  readonly tool: string;
  /** Whether calling it again is harmless. */
  readonly isRepeatable: boolean;
  readonly redact: Redact;
}

/** The connection broke, or the session ended, while the call was under way. */
export function isLost(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  if (error instanceof ProtocolError) return error.code === LOST_CODE;
  return error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed;
}

/** What a call that ended without a result comes to. */
export function callError(error: unknown, call: FailedCall): ExecGoError {
  const name = `${call.server}.${call.tool}`;
  const options = { source: name };
  const reason = clip(call.redact(reasonOf(error)), MAX_MESSAGE_LENGTH);
  if (isLost(error)) {
    const wasSent = !(error instanceof ConnectionLost) || error.wasSent;
    if (!wasSent) {
      return new ExecGoError('external_failure', `${name} was not called: ${reason}`, { ...options, retryable: true });
    }
    return maybeDone(`the connection to MCP server ${call.server} was lost during ${name}: ${reason}`, call, options);
  }
  if (isExecGoError(error))
    return new ExecGoError(error.code, reason, {
      ...options,
      retryable: error.retryable,
      final: error.final,
    });
  if (isUnusable(error)) return maybeDone(`${name}: ${reason}`, call, options);
  if (error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType) {
    const message = `${name} asks for input while it runs, which nobody can give here`;
    return new ExecGoError('external_failure', message, options);
  }
  return new ExecGoError('external_failure', `${name}: ${reason}`, options);
}

/** The call reached the server, and what came back is no answer: too long, unreadable, or of a gateway that gave up. */
function isUnusable(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.code === TOO_LONG_CODE;
  if (error instanceof SdkHttpError) return (error.status ?? 0) >= 500;
  if (error instanceof SdkError) {
    return error.code === SdkErrorCode.ClientHttpUnexpectedContent || error.code === SdkErrorCode.InvalidResult;
  }
  return error instanceof Error && error.name === 'SyntaxError';
}

/** It ran out of our time; the server may go on with it all the same. */
export function callTimeout(call: FailedCall, what: string): ExecGoError {
  const { server, tool } = call;
  return maybeDone(`${server}.${tool} ${what}`, call, { source: `${server}.${tool}` }, 'timeout');
}

function maybeDone(
  message: string,
  { isRepeatable }: FailedCall,
  options: { readonly source: string },
  code: 'external_failure' | 'timeout' = 'external_failure',
): ExecGoError {
  const doubt = isRepeatable
    ? 'it may have been carried out, and is harmless to repeat'
    : 'it may have been carried out';
  return new ExecGoError(code, `${message}; ${doubt}`, { ...options, retryable: isRepeatable, final: !isRepeatable });
}

function reasonOf(error: unknown): string {
  // "Connection closed" says what the rest of the message already does.
  if (error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed)
    return 'it ended or closed the connection';
  if (error instanceof SdkHttpError) return `HTTP status ${error.status}: ${error.message}`;
  return errorMessage(error);
}
