import { isExecGoError } from '@execgo/core';

const TRIES = 3;

/** An answer about the newest run of a task, made again where another one began while it was being made. */
export async function ofNewestRun<T>(answer: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await answer();
    } catch (error) {
      if (!isExecGoError(error, 'conflict') || tried === TRIES) throw error;
    }
  }
}
