import type { WaitOptions } from '@execgo/core';
import type { Call } from './call.js';
import { CallEnd } from './call-end.js';
import type { Query } from './query.js';
import { integerParameter, type QueryParameter } from './query-parameter.js';

/** Longest wait that a request may ask for, in milliseconds. */
const MAX_WAIT_MS = 60_000;

export const WAIT: QueryParameter<number> = integerParameter(
  { name: 'wait', description: 'Answer as soon as it is over, or with what is after so many milliseconds.' },
  0,
  MAX_WAIT_MS,
);

/**
 * What `read` gives, with `?wait=<ms>` as soon as it is finished. When the time is over or the listener stops, the answer is
 * what is; when the caller is gone, the wait ends too.
 *
 * @throws ExecGoError `invalid_input` naming `wait`
 */
export async function longPoll<T>(call: Call, query: Query, read: (options?: WaitOptions) => Promise<T>): Promise<T> {
  const timeoutMs = WAIT.read(query);
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
