import { graphInput, taskInput } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

it('an unknown type is told before the input of an earlier task, which its executor refuses', async () => {
  const kernel = await startKernel();
  const tasks = [taskInput({ id: 'a', input: 'no object' }), taskInput({ id: 'b', type: 'vm' })];
  const error = await refusal(kernel.scheduler.submit(graphInput(tasks)));
  expect(error.message).toBe('unknown task type: vm (available: os)');
});
