import { ExecGoHttpError, ExecGoOptionError, ExecGoUnreachableError } from './errors.js';

export interface RetryOptions {
  /** Further tries of a request after the first. @default 4 */
  readonly attempts?: number;
  /** Pause before the second try, in milliseconds; every further one is twice as long, each shortened by chance by up to half. @default 250 */
  readonly baseDelayMs?: number;
  /** Longest pause, in milliseconds; a server that asks for more (`Retry-After`) gets up to a minute. @default 5000 */
  readonly maxDelayMs?: number;
  /** How long a stream or a wait that had begun is tried again after the server was last heard of, in milliseconds. @default 300,000 */
  readonly reconnectMs?: number;
}

export type ResolvedRetry = Required<RetryOptions>;

export const DEFAULT_RETRY: ResolvedRetry = {
  attempts: 4,
  baseDelayMs: 250,
  maxDelayMs: 5000,
  reconnectMs: 300_000,
};

const MAX_RETRY_AFTER_MS = 60_000;
/** Of answers that say that the same may succeed later: the server's own, and those of what stands before it. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** @throws ExecGoOptionError */
export function resolveRetry(options: RetryOptions | false = {}): ResolvedRetry {
  if (options === false) return { ...DEFAULT_RETRY, attempts: 0, reconnectMs: 0 };
  const resolved = { ...DEFAULT_RETRY, ...options };
  for (const [name, value] of Object.entries(resolved)) {
    if (!(value >= 0)) throw new ExecGoOptionError(`retry.${name}`, '0 or more', value);
  }
  return resolved;
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ExecGoUnreachableError) return true;
  return error instanceof ExecGoHttpError && TRANSIENT_STATUSES.has(error.status);
}

/**
 * How long to pause after so many failures in a row, in milliseconds.
 *
 * @param random from 0 up to, and without, 1
 */
export function delayMs(failures: number, error: unknown, retry: ResolvedRetry, random = Math.random()): number {
  const asked = error instanceof ExecGoHttpError ? Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
  const doubled = Math.min(retry.baseDelayMs * 2 ** (failures - 1), retry.maxDelayMs);
  return Math.max(asked, doubled * (1 - random / 2));
}

/** The two forms of `Retry-After` (RFC 9110, 10.2.3); undefined for anything else. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
