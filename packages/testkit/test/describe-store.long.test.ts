import { expect, it } from 'vitest';
import { runBrokenStores } from './support/run-broken-stores.js';

it('the suite finds out about every store that breaks a promise of the port', async () => {
  const failures = await runBrokenStores(31);
  expect(failures.size).toBe(32);
  expect([...failures].filter(([, failed]) => failed === 0)).toEqual([]);
});
