import { ExecGoError } from '@execgo/core';
import type { ResolvedAccess } from './access-options.js';
import { peerAddress } from './bindings.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';
import { carriesToken } from './token.js';

/**
 * Why a request may not call, undefined when it may. `Sec-Fetch-Site` plays no part: not every browser sends it.
 *
 * @param open for a route that asks no token; where the request comes from counts there too
 * @param env the host's, which may know the address of the caller
 */
export function whyRefused(
  access: ResolvedAccess,
  headers: Headers,
  open: boolean,
  env: unknown,
): ExecGoError | undefined {
  if (access.loopbackOnly) {
    const refused = foreignPeer(env) ?? foreignHost(headers);
    if (refused !== undefined) return refused;
  }
  return foreignOrigin(access, headers) ?? (open ? undefined : noToken(access, headers));
}

/** Whether the request carries the token, or none is asked for. */
export function isTrusted(access: ResolvedAccess, headers: Headers): boolean {
  return access.tokenDigest === undefined || carriesToken(headers.get('authorization'), access.tokenDigest);
}

/** An app that asks no token may be mounted in one that is listened to everywhere. */
function foreignPeer(env: unknown): ExecGoError | undefined {
  const address = peerAddress(env);
  if (address === undefined || isLoopbackAddress(address)) return undefined;
  return new ExecGoError('denied', 'without a token this server answers to programs of its own machine alone');
}

/** A repeated header reads as `a, b`, which is no loopback name either. */
function foreignHost(headers: Headers): ExecGoError | undefined {
  const host = headers.get('host');
  if (host !== null && isLoopbackHost(host)) return undefined;
  const given = host === null ? 'no Host' : `Host ${JSON.stringify(host)}`;
  return new ExecGoError(
    'denied',
    `${given} is refused: without a token this server answers to loopback names alone (localhost, 127.0.0.1, [::1])`,
  );
}

function foreignOrigin(access: ResolvedAccess, headers: Headers): ExecGoError | undefined {
  const origin = headers.get('origin');
  if (origin === null || access.allowedOrigins.has(origin)) return undefined;
  return new ExecGoError('denied', `Origin ${JSON.stringify(origin)} is refused: it is not among the allowed origins`);
}

function noToken(access: ResolvedAccess, headers: Headers): ExecGoError | undefined {
  if (isTrusted(access, headers)) return undefined;
  const problem = headers.has('authorization') ? 'the token is not valid' : 'a token is required';
  return new ExecGoError('unauthenticated', `${problem}: send Authorization: Bearer <token>`);
}
