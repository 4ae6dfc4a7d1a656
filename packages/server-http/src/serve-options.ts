import { ConfigError } from '@execgo/core';
import { type HttpLogger, stderrLogger } from './logger.js';

export interface ServeOptions {
  /** Address or name to listen on. @default '127.0.0.1' */
  readonly hostname?: string;
  /** 0 takes a free one. @default 8080 */
  readonly port?: number;
  /** How long a client may take to send its headers, in milliseconds. @default 10,000 */
  readonly headersTimeoutMs?: number;
  /** How long a client may take to send a whole request, in milliseconds. The answer may take longer. @default 60,000 */
  readonly requestTimeoutMs?: number;
  /** How often those two are looked at, in milliseconds. @default 1000 */
  readonly timeoutCheckMs?: number;
  /** How long an idle connection is kept for another request, in milliseconds. @default 30,000 */
  readonly keepAliveTimeoutMs?: number;
  /** Largest total size of the headers of a request, in bytes. @default 16 KiB */
  readonly maxHeaderBytes?: number;
  /** Connections at once; further ones are closed at once. @default 10,000 */
  readonly maxConnections?: number;
  /** How long `close` waits for requests under way, in milliseconds. @default 10,000 */
  readonly drainTimeoutMs?: number;
  /** Told when a connection could not be accepted (too many open files); the listener goes on. @default stderr */
  readonly logger?: HttpLogger;
}

export type ResolvedServeOptions = Required<ServeOptions>;

export const DEFAULT_SERVE_OPTIONS: ResolvedServeOptions = {
  hostname: '127.0.0.1',
  port: 8080,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  timeoutCheckMs: 1000,
  keepAliveTimeoutMs: 30_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
  drainTimeoutMs: 10_000,
  logger: stderrLogger,
};

const MAX_PORT = 65_535;

/** @throws ConfigError naming the option that cannot be used */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  const resolved = { ...DEFAULT_SERVE_OPTIONS, ...options };
  const { hostname, port, drainTimeoutMs, logger: _logger, ...positive } = resolved;
  if (hostname === '') throw new ConfigError('hostname', 'an address or a name', hostname);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) throw new ConfigError('port', '0 to 65535', port);
  if (!(drainTimeoutMs >= 0)) throw new ConfigError('drainTimeoutMs', 'milliseconds, 0 or more', drainTimeoutMs);
  for (const [name, value] of Object.entries(positive)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigError(name, 'a positive integer', value);
  }
  return resolved;
}
