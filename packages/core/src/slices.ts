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
