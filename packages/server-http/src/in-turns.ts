import type { Sliced } from '@execgo/core';
import type { ServerClock } from './app-options.js';
import { nextTurn } from './next-turn.js';

/** Runs sliced work, letting the event loop turn between its slices. */
export async function inTurns<T>(clock: ServerClock, work: Sliced<T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await nextTurn(clock);
  }
}
