import { expect, it } from 'vitest';
import { runBrokenStores } from './support/run-broken-stores.js';

it('the suite finds out about stores that break a promise of the port (4 of them; the long test tries all)', async () => {
  const failures = await runBrokenStores(4);
  expect(failures.size).toBe(5);
  expect([...failures].filter(([, failed]) => failed === 0)).toEqual([]);
}, 60_000);
