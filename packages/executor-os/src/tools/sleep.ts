import type { Clock } from '@execgo/core';
import { type CheckedTool, defineTool } from '@execgo/tool-input';
import * as v from 'valibot';

/** Longest sleep, in milliseconds. */
const MAX_SLEEP_MS = 600_000;
const RANGE = `expected an integer from 0 to ${MAX_SLEEP_MS}`;

const schema = v.object({
  duration_ms: v.pipe(
    v.number(RANGE),
    v.integer(RANGE),
    v.minValue(0, RANGE),
    v.maxValue(MAX_SLEEP_MS, RANGE),
    v.description('How long, in milliseconds.'),
  ),
});

/** Waits; an abort wakes it. */
export function sleepTool(clock: Pick<Clock, 'after'>): CheckedTool {
  return defineTool({
    name: 'sleep',
    description: 'Waits; returns {slept_ms}.',
    annotations: { read_only: true, idempotent: true, open_world: false },
    schema,
    async run({ duration_ms }, { run: { signal } }) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          cancel();
          reject(signal.reason);
        };
        const cancel = clock.after(duration_ms, () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        });
        signal.addEventListener('abort', onAbort, { once: true });
      });
      return { slept_ms: duration_ms };
    },
  });
}
