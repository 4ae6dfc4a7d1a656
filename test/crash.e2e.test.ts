import { expect, it } from 'vitest';
import { crashRounds } from './support/crash-rounds.js';
import { testFolder } from './support/server-process.js';

/** 8 rounds; `crash.long.test.ts` has 60. */
it('kill -9 at random moments under concurrent submissions: nothing acknowledged is lost or forgotten, no success seen is undone, no graph is half there', {
  timeout: 90_000,
}, async () => {
  const report = await crashRounds({ folder: testFolder(), rounds: 8, seed: 1 });
  console.warn(`crash rounds: ${report.acknowledged} tasks acknowledged, ${report.seenSucceeded} seen to succeed`);
  expect(report).toMatchObject({ lost: [], forgotten: [], undone: [], half: [], odd: [] });
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.seenSucceeded).toBeGreaterThan(10);
});
