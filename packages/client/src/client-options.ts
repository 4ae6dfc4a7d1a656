import { ExecGoOptionError } from './errors.js';
import { type ResolvedRetry, type RetryOptions, resolveRetry } from './retry-policy.js';

export interface ClientOptions {
  /**
   * Where the server is, with the prefix where it is mounted under one. Credentials in it (`http://user:token@host`) serve as the
   * token. @default 'http://127.0.0.1:8080'
   */
  readonly url?: string;
  /** Sent as `Authorization: Bearer`. @default none */
  readonly token?: string;
  /** Sent with every request. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** What requests go through. @default the one of the platform */
  readonly fetch?: typeof globalThis.fetch;
  /** `false`: everything is tried once, and a stream that breaks off is over. @default DEFAULT_RETRY */
  readonly retry?: RetryOptions | false;
  /**
   * How long an answer may take, in milliseconds; what is asked to wait gets that much more. Of a stream: until it begins.
   * @default 60,000
   */
  readonly timeoutMs?: number;
  /** A stream on which nothing came for so long is taken for dead, in milliseconds; the server sends something every 15 s. @default 45,000 */
  readonly idleTimeoutMs?: number;
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_IDLE_TIMEOUT_MS = 45_000;
/** Timers overflow beyond. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface ResolvedClientOptions {
  /** Without a slash at the end, and without credentials. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly retry: ResolvedRetry;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** @throws ExecGoOptionError naming the option that cannot be used */
export function resolveClientOptions(options: ClientOptions = {}): ResolvedClientOptions {
  const { url, credentials } = serverUrl(options.url ?? DEFAULT_URL);
  const token = options.token ?? credentials;
  // Called without a receiver: that of a browser refuses any other than the window.
  const given = options.fetch;
  return {
    url,
    headers: checkedHeaders({
      ...options.headers,
      ...(token !== undefined && { Authorization: `Bearer ${checkedToken(token)}` }),
    }),
    fetch: (input, init) => (given ?? fetch)(input, init),
    retry: resolveRetry(options.retry),
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    idleTimeoutMs: milliseconds('idleTimeoutMs', options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS),
  };
}

function serverUrl(text: string): { url: string; credentials: string | undefined } {
  const expected = 'an address such as http://127.0.0.1:8080';
  const parsed = parseUrl(text);
  // What does not parse may hold a token too.
  if (parsed === undefined) throw new ExecGoOptionError('url', expected, text.includes('@') ? '(not shown)' : text);
  const { protocol, username, password, origin, pathname, search, hash } = parsed;
  if (protocol !== 'http:' && protocol !== 'https:') throw new ExecGoOptionError('url', expected, `${protocol}…`);
  if (search !== '' || hash !== '')
    throw new ExecGoOptionError('url', `${expected}, without ? and #`, origin + pathname);
  const credentials = password || username;
  return {
    url: origin + pathname.replace(/\/+$/, ''),
    credentials: credentials === '' ? undefined : decodeURIComponent(credentials),
  };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ExecGoOptionError('token', 'visible ASCII characters without spaces', '(not shown)');
}

function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers([[name, value]]);
    } catch {
      throw new ExecGoOptionError(`headers.${name}`, 'what HTTP can carry', '(not shown)');
    }
  }
  return headers;
}

/** @throws ExecGoOptionError */
export function milliseconds(option: string, value: number): number {
  if (value > 0 && value <= MAX_TIMER_MS) return value;
  throw new ExecGoOptionError(option, `milliseconds from 1 to ${MAX_TIMER_MS}`, value);
}
