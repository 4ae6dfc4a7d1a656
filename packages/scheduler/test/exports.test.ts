import { expect, it } from 'vitest';
import * as scheduler from '../src/index.js';

it('exports these values and no others', () => {
  expect(Object.keys(scheduler).sort()).toMatchInlineSnapshot(`
    [
      "Scheduler",
      "createScheduler",
      "resolveSchedulerOptions",
      "systemClock",
    ]
  `);
});
