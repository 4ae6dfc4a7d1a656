import { graphInput } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';

it('the message of a note is cut where it is too long, and a text whatever comes', async () => {
  const kernel = await startKernel();
  kernel.executor.script('a', async ({ run }) => {
    run.progress('x'.repeat(10_000_000));
    run.progress(7n as unknown as string);
  });
  const [long, odd] = (await kernel.run(graphInput({ a: [] }))).get('a')?.runtime?.progress ?? [];
  expect(long?.message).toBe('x'.repeat(4096));
  expect(odd?.message).toBe('7');
});
