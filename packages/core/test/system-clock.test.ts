import { expect, it } from 'vitest';
import { backgroundClock, systemClock } from '../src/index.js';

it.each([
  ['systemClock', systemClock],
  ['backgroundClock', backgroundClock],
])('%s calls later, not before its time, and not at all once that was prevented', async (_, clock) => {
  const from = clock.monotonic();
  let prevented = true;
  const prevent = clock.after(1, () => {
    prevented = false;
  });
  prevent();
  await new Promise<void>((resolve) => {
    clock.after(20, resolve);
    // Keeps the process there for a timer that does not.
    setTimeout(() => undefined, 1000).unref();
  });
  expect(clock.monotonic() - from).toBeGreaterThanOrEqual(19);
  expect(prevented).toBe(true);
});

it('a delay longer than timers take does not fire at once', async () => {
  let fired = false;
  const prevent = systemClock.after(2 ** 40, () => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  prevent();
  expect(fired).toBe(false);
});
