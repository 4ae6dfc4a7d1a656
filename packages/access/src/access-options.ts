import { ConfigError } from '@execgo/core';
import { type Caller, NAMELESS } from './caller.js';
import { checkNamedTokens, type NamedToken } from './named-token.js';
import { digestOf, isToken } from './token.js';

export interface AccessOptions {
  /**
   * Where the server is listened to: `loopback` means by this machine alone, `network` anything else.
   * @default 'loopback'
   */
  readonly exposure?: 'loopback' | 'network';
  /** What callers must present, as `Authorization: Bearer <token>` or as the password of Basic; good for everything. @default none */
  readonly token?: string;
  /** The same for several callers, each with a name and scopes. @default none */
  readonly tokens?: readonly NamedToken[];
  /** Beyond loopback without a token. @default false */
  readonly allowUnauthenticated?: boolean;
  /** Origins of web pages that may call, such as `https://console.example.org`. @default none */
  readonly allowedOrigins?: readonly string[];
}

/** A token as it is kept: by its SHA-256, and whom it makes of a caller. */
export interface KnownToken {
  readonly digest: Uint8Array;
  readonly caller: Caller;
}

/** Who may call, once the options are checked. One of these serves every door of a server. */
export interface Access {
  /**
   * This machine alone may call: connections from elsewhere are refused, and so is a Host that is no loopback name, which is
   * what keeps web pages out (DNS rebinding).
   */
  readonly loopbackOnly: boolean;
  /** Empty where none is asked for. */
  readonly tokens: readonly KnownToken[];
  readonly allowedOrigins: ReadonlySet<string>;
}

/** @throws ConfigError for a server that would be open to the network without a word, and for a malformed origin or token */
export function resolveAccess(options: AccessOptions = {}): Access {
  const { exposure = 'loopback', allowUnauthenticated = false, allowedOrigins = [] } = options;
  const tokens = knownTokens(options);
  if (exposure === 'network' && tokens.length === 0 && !allowUnauthenticated) {
    throw new ConfigError('access.token', 'a token (or allowUnauthenticated) beyond loopback', undefined);
  }
  for (const origin of allowedOrigins) {
    if (!isOrigin(origin)) throw new ConfigError('access.allowedOrigins', 'origins such as https://a.example', origin);
  }
  return {
    loopbackOnly: exposure === 'loopback' && tokens.length === 0,
    tokens,
    allowedOrigins: new Set(allowedOrigins),
  };
}

function knownTokens({ token, tokens }: AccessOptions): readonly KnownToken[] {
  if (token !== undefined && !isToken(token)) {
    throw new ConfigError('access.token', 'visible ASCII characters without spaces', '(not shown)');
  }
  const nameless = token === undefined ? [] : [{ digest: digestOf(token), caller: NAMELESS }];
  if (tokens === undefined) return nameless;
  const named = checkNamedTokens(tokens, 'access.tokens').map(({ name, token: secret, scopes }) => ({
    digest: digestOf(secret),
    caller: { name, scopes: new Set(scopes) },
  }));
  return [...nameless, ...named];
}

/** In the exact form in which browsers send it. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
