import { expect, it } from 'vitest';
import { runSuites, unnoticed } from './support/run-suite.js';

it('the suite finds out about stores that break a promise of the port (4 of them; the long test tries all)', async () => {
  const failures = await runSuites(new URL('./broken-stores.ts', import.meta.url), { BROKEN_STORES: '4' });
  expect(failures.size).toBe(5);
  expect(unnoticed(failures)).toEqual([]);
});
