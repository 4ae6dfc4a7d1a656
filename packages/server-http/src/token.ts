import { hash, timingSafeEqual } from 'node:crypto';

export function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer');
}

/** Whether an `Authorization` header carries the token of this digest; takes as long for a near miss as for any other. */
export function carriesToken(authorization: string | null, digest: Uint8Array): boolean {
  const token = presentedToken(authorization);
  return token !== undefined && timingSafeEqual(digestOf(token), digest);
}

/** The token in `Bearer <token>`, or the password in Basic (RFC 7617), which is how a URL with a user part is sent. */
function presentedToken(authorization: string | null): string | undefined {
  const [, scheme, credentials] = authorization?.match(/^(bearer|basic) +([^\s]+)$/i) ?? [];
  if (scheme === undefined || credentials === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer') return credentials;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : pair.slice(colon + 1);
}
