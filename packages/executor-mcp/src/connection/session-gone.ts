import { SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { ConnectionLost } from '../transport/connection-lost.js';

/**
 * The session is of no use any more and the request was certainly not carried out: the server has forgotten the session, or
 * nothing was sent.
 */
export function isSessionGone(error: unknown): boolean {
  if (error instanceof ConnectionLost) return !error.wasSent;
  if (error instanceof SdkHttpError) {
    const { status, text } = error.data as { readonly status?: number; readonly text?: unknown };
    // 404 is what the specification asks for; many servers say 400 with a sentence about the session.
    return status === 404 || (status === 400 && typeof text === 'string' && /session/i.test(text));
  }
  if (error instanceof SdkError) return error.code === SdkErrorCode.NotConnected;
  return error instanceof Error && error.message === 'Not connected';
}
