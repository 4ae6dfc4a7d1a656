import { ConfigError } from '@execgo/core';

/** Where the runtime is. */
export interface RuntimeTarget {
  readonly origin: string;
  /** Before every path: empty, or `/prefix`. */
  readonly prefix: string;
  /** `Authorization`, where the URL holds a user or a password. */
  readonly authorization: string | undefined;
  /** `host:port`, as a guard over connections wants it; IPv6 addresses in brackets. */
  readonly address: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @throws ConfigError for what is no such URL, which is not repeated: it may hold a password */
export function runtimeTarget(text: string): RuntimeTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const defaultPort = url === undefined ? undefined : DEFAULT_PORTS[url.protocol];
  if (url === undefined || defaultPort === undefined || url.search !== '' || url.hash !== '') {
    throw new ConfigError('url', 'http(s)://[user:password@]host[:port][/prefix]', '(not shown)');
  }
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/+$/, ''),
    authorization: authorizationOf(url),
    address: `${url.hostname}:${url.port === '' ? defaultPort : url.port}`,
  };
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
