import { living } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { freshRunId, sh } from './support/run.js';

describe('many runs', () => {
  it('a grandchild that holds stdout: the median of 100 is under 300 ms', async () => {
    const times: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      const before = performance.now();
      await sh('sleep 99 & exit 0');
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    expect(times[50]).toBeLessThan(300);
    expect(times[99]).toBeLessThan(1000);
  });

  it('1,000 process trees that run out of time leave no process behind', async () => {
    const storeId = freshRunId();
    let next = 0;
    const worker = async () => {
      while (next < 1000) {
        const number = next++;
        const stray = number % 4 === 0 ? 'setsid sleep 99 & ' : '';
        const runId = `${storeId}/${number}/1`;
        const outcome = await sh(`${stray}sleep 99 & sleep 99`, { runId, limits: { wall_time_ms: 20 } });
        expect(outcome).toMatchObject({ end: 'wall_time', survivors: [] });
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(living(storeId)).toEqual([]);
  }, 180_000);
});
