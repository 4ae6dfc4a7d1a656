import type { Clock } from './ports/clock.js';
import { systemClock } from './system-clock.js';

/** How many tasks a sliced step handles before it lets the event loop turn. */
export const SLICE_TASKS = 1000;

/**
 * Work on many tasks, cut into slices: it yields after each slice of `SLICE_TASKS`, and whoever runs it may let the event
 * loop turn there. Short work never yields.
 */
export type Sliced<T> = Generator<void, T, void>;

/** Runs sliced work to its end without a pause. */
export function runSliced<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Runs sliced work, letting the event loop turn between its slices. Work of one slice is done before this returns. */
export function inTurns<T>(clock: Pick<Clock, 'turn'>, work: Sliced<T>): T | Promise<T> {
  const step = work.next();
  return step.done ? step.value : theRest(clock, work);
}

async function theRest<T>(clock: Pick<Clock, 'turn'>, work: Sliced<T>): Promise<T> {
  for (;;) {
    await nextTurn(clock);
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Resolves in the next turn of the event loop, after pending I/O has had its chance. */
export function nextTurn(clock: Pick<Clock, 'turn'> = systemClock): Promise<void> {
  return new Promise((resolve) => clock.turn(resolve));
}
