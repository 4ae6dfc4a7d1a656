import { expect, it } from 'vitest';
import { describeSandboxed } from './support/sandbox.js';
import { timeouts } from './support/timeouts.js';

describeSandboxed('many runs in the sandbox', () => {
  it('1,000 process trees that run out of time, with setsid and double forks: no survivor', async () => {
    await expect(timeouts(1000)).resolves.toBeUndefined();
  }, 600_000);
});
