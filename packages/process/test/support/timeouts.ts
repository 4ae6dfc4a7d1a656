import { living } from '@execgo/testkit';
import { expect } from 'vitest';
import { freshRunId } from './run.js';
import { freshFolder, sandboxedIn } from './sandbox.js';

/** Runs that many trees of processes into their time limit, eight at once. */
export async function timeouts(runs: number): Promise<void> {
  const storeId = freshRunId();
  const sandboxed = sandboxedIn(freshFolder());
  const mark = `97.${process.pid}`;
  let next = 0;
  const worker = async () => {
    while (next < runs) {
      const number = next++;
      const script = `setsid env -i sleep ${mark} & (setsid sh -c "sleep ${mark} & sleep ${mark}" &) ; sleep ${mark} & sleep ${mark}`;
      const options = { runId: `${storeId}/${number}/1`, limits: { wall_time_ms: 20 + (number % 200) } };
      const outcome = await sandboxed(script, options);
      expect(outcome).toMatchObject({ end: 'wall_time', survivors: [] });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  expect(living(storeId)).toEqual([]);
  expect(living(mark)).toEqual([]);
}
