import { expect, it } from 'vitest';
import { crashRounds } from './support/crash-rounds.js';
import { testFolder } from './support/server-process.js';

it('60 × kill -9 at random moments under concurrent submissions: nothing lost, forgotten, undone or half there', async () => {
  const seed = Date.now() % 2 ** 31;
  const report = await crashRounds({ folder: testFolder(), rounds: 60, seed });
  console.warn(`seed ${seed}: ${report.acknowledged} tasks acknowledged, ${report.seenSucceeded} seen to succeed`);
  expect(report).toMatchObject({ lost: [], forgotten: [], undone: [], half: [], odd: [] });
  expect(report.acknowledged).toBeGreaterThan(1000);
});
