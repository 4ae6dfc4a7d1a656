import { SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { ConnectionLost } from '../transport/connection-lost.js';

/** How servers say with 400 that they do not know the session. */
const ABOUT_SESSION =
  /\bsession( id)? (is )?(not found|expired|invalid|unknown)|\b(no|invalid|unknown|missing) (valid )?session( id)?\b/i;

/**
 * The session is of no use any more and the request was certainly not carried out: the server has forgotten the session, or
 * nothing was sent.
 *
 * @param hadSessionId whether the request named a session that the server can have forgotten: to any other, 404 is an answer
 */
export function isSessionGone(error: unknown, hadSessionId: boolean): boolean {
  if (error instanceof ConnectionLost) return !error.wasSent;
  if (error instanceof SdkHttpError) {
    if (!hadSessionId) return false;
    const { status, text } = error.data as { readonly status?: number; readonly text?: unknown };
    // 404 is what the specification asks for; many servers say 400 with a sentence about the session.
    return status === 404 || (status === 400 && typeof text === 'string' && ABOUT_SESSION.test(text));
  }
  if (error instanceof SdkError) return error.code === SdkErrorCode.NotConnected;
  return error instanceof Error && error.message === 'Not connected';
}
