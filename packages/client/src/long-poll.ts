import type { CallOptions } from './call-options.js';
import { milliseconds } from './client-options.js';
import { Reconnection } from './reconnection.js';
import { sleep } from './sleep.js';
import type { Transport } from './transport.js';

/** One poll: shorter than the minute after which many a proxy gives up. */
const POLL_MS = 30_000;

export interface WaitOptions extends CallOptions {
  /** How long at most, in milliseconds; then the answer is what is. @default until it is over */
  readonly timeoutMs?: number;
}

export interface LongPoll<T> {
  readonly path: string;
  /** Undefined for what cannot be told from the answer. */
  readonly isOver: (value: T) => boolean | undefined;
  /** In the time of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws ExecGoOptionError */
export function deadlineOf({ timeoutMs }: WaitOptions): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  return performance.now() + (timeoutMs === 0 ? 0 : milliseconds('timeoutMs', timeoutMs));
}

/**
 * What stands at a path, as soon as it is over, or as it is when the time is over. Goes on over restarts of the server; rejects
 * when the server cannot be reached at the end of the time.
 */
export async function longPoll<T extends object>(transport: Transport, poll: LongPoll<T>): Promise<T> {
  const { path, isOver, deadline, signal } = poll;
  const { retry } = transport.options;
  const reconnection = new Reconnection(retry);
  for (;;) {
    const begun = performance.now();
    const wait = Math.ceil(Math.max(0, Math.min(POLL_MS, deadline - begun)));
    try {
      const value = await askOnce(transport, poll, path, wait);
      reconnection.contact();
      if (isOver(value) || performance.now() >= deadline) return value;
    } catch (error) {
      const left = deadline - performance.now();
      if (left <= 0) throw error;
      await reconnection.pause(error, signal, left);
      continue;
    }
    // A server that stops answers at once; asked again at once, it would do nothing else.
    const early = begun + wait / 2 - performance.now();
    if (early > 0) await sleep(Math.min(early, retry.baseDelayMs, deadline - performance.now()), signal);
  }
}

function askOnce<T extends object>(transport: Transport, { isOver, signal }: LongPoll<T>, path: string, wait: number) {
  const query = wait === 0 ? {} : { wait };
  return transport.objectOnce<T>({ path, query, signal, extraMs: wait }, (value) => isOver(value) !== undefined);
}
