import type { Clock, Sliced } from '@execgo/core';

/** Runs sliced work, letting the event loop turn between its slices. Work of one slice is done before this returns. */
export function inTurns<T>(clock: Clock, work: Sliced<T>): T | Promise<T> {
  const step = work.next();
  return step.done ? step.value : rest(clock, work);
}

async function rest<T>(clock: Clock, work: Sliced<T>): Promise<T> {
  for (;;) {
    await new Promise<void>((resolve) => clock.turn(resolve));
    const step = work.next();
    if (step.done) return step.value;
  }
}
