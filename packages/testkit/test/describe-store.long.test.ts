import { expect, it } from 'vitest';
import { runSuites, unnoticed } from './support/run-suite.js';

it('the suite finds out about every store that breaks a promise of the port', async () => {
  const failures = await runSuites(new URL('./broken-stores.ts', import.meta.url));
  expect(failures.size).toBe(39);
  expect(unnoticed(failures)).toEqual([]);
});
