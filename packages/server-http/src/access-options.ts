import { ConfigError } from '@execgo/core';
import { digestOf } from './token.js';

export interface AccessOptions {
  /**
   * Where the app is listened to: `loopback` means by this machine alone, `network` anything else.
   * @default 'loopback'
   */
  readonly exposure?: 'loopback' | 'network';
  /** What callers must present, as `Authorization: Bearer <token>` or as the password of Basic. @default none is asked for */
  readonly token?: string;
  /** Beyond loopback without a token. @default false */
  readonly allowUnauthenticated?: boolean;
  /** Origins of web pages that may call, such as `https://console.example.org`. @default none */
  readonly allowedOrigins?: readonly string[];
}

export interface ResolvedAccess {
  /**
   * This machine alone may call: connections from elsewhere are refused, and so is a Host that is no loopback name, which is
   * what keeps web pages out (DNS rebinding).
   */
  readonly loopbackOnly: boolean;
  /** SHA-256 of the token; the token itself is not kept. */
  readonly tokenDigest: Uint8Array | undefined;
  readonly allowedOrigins: ReadonlySet<string>;
}

/** @throws ConfigError for an app that would be open to the network without a word, and for a malformed origin or token */
export function resolveAccess(options: AccessOptions): ResolvedAccess {
  const { exposure = 'loopback', token, allowUnauthenticated = false, allowedOrigins = [] } = options;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError('access.token', 'visible ASCII characters without spaces', '(not shown)');
  }
  if (exposure === 'network' && token === undefined && !allowUnauthenticated) {
    throw new ConfigError('access.token', 'a token (or allowUnauthenticated) beyond loopback', token);
  }
  for (const origin of allowedOrigins) {
    if (!isOrigin(origin)) throw new ConfigError('access.allowedOrigins', 'origins such as https://a.example', origin);
  }
  return {
    loopbackOnly: exposure === 'loopback' && token === undefined,
    tokenDigest: token === undefined ? undefined : digestOf(token),
    allowedOrigins: new Set(allowedOrigins),
  };
}

/** In the exact form in which browsers send it. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
