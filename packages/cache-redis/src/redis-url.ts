import { ConfigError } from '@execgo/core';

/** Where Redis is and how to get in. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

const DEFAULT_PORT = 6379;
const PROTOCOLS = new Set(['redis:', 'rediss:']);
const EXPECTED = 'redis://[user:password@]host[:port][/database], or rediss://… for TLS';
/** A URL that cannot be read may still hold a password, so it is never repeated. */
const NOT_SHOWN = '(not shown, it may hold a password)';

/** @throws ConfigError that does not repeat the URL */
export function parseRedisUrl(text: string): RedisTarget {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d{0,9})$/.exec(url?.pathname ?? '')?.[1];
  if (url === undefined || !PROTOCOLS.has(url.protocol) || url.hostname === '' || database === undefined) {
    throw new ConfigError('url', EXPECTED, NOT_SHOWN);
  }
  if (url.search !== '' || url.hash !== '') throw new ConfigError('url', `${EXPECTED}, without parameters`, NOT_SHOWN);
  const username = decoded(url.username);
  const password = decoded(url.password);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database: Number(database),
    tls: url.protocol === 'rediss:',
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  };
}

/** `host:port`, for people and for whoever guards it; without a secret. */
export function addressOf({ host, port }: RedisTarget): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConfigError('url', 'a user and password whose % signs are written as %25', NOT_SHOWN);
  }
}
