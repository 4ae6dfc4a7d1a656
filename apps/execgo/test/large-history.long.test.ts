import { expect, it } from 'vitest';
import { serveLargeHistory } from './large-history.js';

const TASKS = 1_000_000;
const STARTS = 5;

it(`execgo serve --store sqlite over ${TASKS} finished tasks is ready within a second, in less than 200 MB`, async () => {
  const found = await serveLargeHistory(TASKS, STARTS);
  console.warn(JSON.stringify(found));
  expect(found.ownReadyMs).toBeLessThan(1_000);
  expect(found.rssBytes).toBeLessThan(200 * 1024 ** 2);
});
