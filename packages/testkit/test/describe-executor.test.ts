import { expect, it } from 'vitest';
import { runSuites, unnoticed } from './support/run-suite.js';

it('the suite finds out about every executor that breaks a promise of the port, and about no sound one', async () => {
  const failures = await runSuites(new URL('./broken-executors.ts', import.meta.url));
  expect(failures.size).toBe(18);
  expect(unnoticed(failures)).toEqual(['a sound one as an Executor']);
});
