import type { WaitOptions } from '@execgo/core';
import type { Call } from './call.js';
import { CallEnd } from './call-end.js';
import type { Query } from './query.js';

/** Longest wait that a request may ask for, in milliseconds. */
const MAX_WAIT_MS = 60_000;

/**
 * What `read` gives, with `?wait=<ms>` as soon as it is finished. When the time is over or the listener stops, the answer is
 * what is; when the caller is gone, the wait ends too.
 *
 * @throws ExecGoError `invalid_input` naming `wait`
 */
export async function longPoll<T>(call: Call, query: Query, read: (options?: WaitOptions) => Promise<T>): Promise<T> {
  const timeoutMs = query.integer('wait', 0, MAX_WAIT_MS);
  if (timeoutMs === undefined || timeoutMs === 0) return read();
  const end = new CallEnd(call);
  try {
    return await read({ timeoutMs, signal: end.signal });
  } catch (error) {
    if (!end.signal.aborted) throw error;
    return await read();
  } finally {
    end.release();
  }
}
