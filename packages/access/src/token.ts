import { hash, timingSafeEqual } from 'node:crypto';

const TOKEN = /^[\x21-\x7e]+$/;

/** Whether a text can be a token: visible ASCII characters without spaces, at least one. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text);
}

export function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer');
}

export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return timingSafeEqual(a, b);
}

/** The token in `Bearer <token>`, or the password in Basic (RFC 7617), which is how a URL with a user part is sent. */
export function presentedToken(authorization: string | null | undefined): string | undefined {
  const [, scheme, credentials] = authorization?.match(/^(bearer|basic) +([^\s]+)$/i) ?? [];
  if (scheme === undefined || credentials === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer') return credentials;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : pair.slice(colon + 1);
}
