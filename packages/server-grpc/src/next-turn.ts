import type { ServerClock } from './server-options.js';

/** Resolves in the next turn of the event loop. */
export function nextTurn(clock: ServerClock): Promise<void> {
  return new Promise((resolve) => clock.turn(resolve));
}
