import { ExecGoError } from '@execgo/core';
import type { Access } from './access-options.js';
import { type Caller, NAMELESS } from './caller.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';
import { digestOf, presentedToken, sameDigest } from './token.js';

/** Headers of a request, whatever the host of the server calls them: `Headers` fits. */
export interface RequestHeaders {
  get(name: string): string | null;
}

/**
 * Judges where a request comes from, for routes that ask no token too. `Sec-Fetch-Site` plays no part: not every browser sends it.
 *
 * @param peer address at the other end of the connection, where the host shows it
 * @throws ExecGoError `denied`
 */
export function checkSource(access: Access, headers: RequestHeaders, peer: string | undefined): void {
  checkPeer(access, peer);
  if (access.loopbackOnly) checkHost(headers.get('host'));
  checkOrigin(access, headers.get('origin'));
}

/** A server that asks no token may be mounted in one that is listened to everywhere. @throws ExecGoError `denied` */
export function checkPeer(access: Access, peer: string | undefined): void {
  if (!access.loopbackOnly || peer === undefined || isLoopbackAddress(peer)) return;
  throw new ExecGoError('denied', 'without a token this server answers to programs of its own machine alone');
}

/**
 * Whom the `authorization` of a request makes of its caller.
 *
 * @throws ExecGoError `unauthenticated` when a token is asked for and no known one is there
 */
export function authenticate(access: Access, authorization: string | null | undefined): Caller {
  const caller = identify(access, authorization);
  if (caller !== undefined) return caller;
  const problem =
    authorization === null || authorization === undefined ? 'a token is required' : 'the token is not valid';
  throw new ExecGoError('unauthenticated', `${problem}: send Authorization: Bearer <token>`);
}

/** The same, undefined for a stranger. It takes as long for a near miss as for any other, and for the first token as for the last. */
export function identify(access: Access, authorization: string | null | undefined): Caller | undefined {
  if (access.tokens.length === 0) return NAMELESS;
  const token = presentedToken(authorization);
  if (token === undefined) return undefined;
  const digest = digestOf(token);
  let found: Caller | undefined;
  for (const known of access.tokens) if (sameDigest(known.digest, digest)) found = known.caller;
  return found;
}

/** A repeated header reads as `a, b`, which is no loopback name either. */
function checkHost(host: string | null): void {
  if (host !== null && isLoopbackHost(host)) return;
  const given = host === null ? 'no Host' : `Host ${JSON.stringify(host)}`;
  throw new ExecGoError(
    'denied',
    `${given} is refused: without a token this server answers to loopback names alone (localhost, 127.0.0.1, [::1])`,
  );
}

function checkOrigin({ allowedOrigins }: Access, origin: string | null): void {
  if (origin === null || allowedOrigins.has(origin)) return;
  throw new ExecGoError('denied', `Origin ${JSON.stringify(origin)} is refused: it is not among the allowed origins`);
}
