import { expect, it } from 'vitest';
import { runSuites, unnoticed } from './support/run-suite.js';

it('the suite finds out about output stores that break a promise of the port, and lets pass one that does not', async () => {
  const failures = await runSuites(new URL('./broken-output-stores.ts', import.meta.url));
  expect(failures.size).toBe(12);
  expect(unnoticed(failures)).toEqual(['none of these as an OutputStore']);
});
