import { expect, it } from 'vitest';
import { serveLargeHistory } from './large-history.js';

it('execgo serve --store sqlite over 10,000 finished tasks takes less than 200 MB (1,000,000, and within a second, in the long proof)', async () => {
  const found = await serveLargeHistory(10_000, 1);
  expect(found.rssBytes).toBeLessThan(200 * 1024 ** 2);
});
