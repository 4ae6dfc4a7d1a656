import type { ErrorCode, ExecGoError } from './errors.js';
import type { TaskSpec } from './task.js';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** Asking again cannot change these answers. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['invalid_input', 'denied', 'cancelled', 'not_found']);

/**
 * How long attempt `attempt` (2 or more) waits after the failure of the one before it, in milliseconds:
 * `min(100 · 2^(attempt − 2), 10 000)`.
 */
export function retryDelayMs(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 2), MAX_DELAY_MS);
}

/** Whether the failure of this attempt (1 for the first) leaves a further one. */
export function mayRetry(spec: TaskSpec, attempt: number, error: ExecGoError): boolean {
  return attempt <= spec.retry && !FINAL.has(error.code) && !error.final;
}
