import { expect, it } from 'vitest';
import { openMany } from './many-tasks.js';

it('20,000 finished tasks are filled in a stream and opened (1,000,000 in the long proof, which measures)', async () => {
  const { total, lastSeq, stateBytes } = await openMany(20_000);
  expect({ total, lastSeq }).toEqual({ total: 20_000, lastSeq: 60_000 });
  expect(stateBytes).toBeGreaterThan(20_000 * 300);
});
