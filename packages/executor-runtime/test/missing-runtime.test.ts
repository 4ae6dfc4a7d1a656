import { freshRun, spec } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { missingRuntime } from '../src/index.js';

it('where there is no runtime, its tasks are denied with a sentence that says what to do, and nothing is ill', async () => {
  const executor = missingRuntime('set this or that');
  const denied = {
    code: 'denied',
    message: 'tasks of type runtime need an execgo-runtime server, and none is configured: set this or that',
  };
  const task = spec({ type: 'runtime', tool_name: 'command', input: { program: 'true' } });
  expect(executor.category).toBe('runtime');
  expect(await executor.tools()).toEqual([]);
  expect(() => executor.check?.(task)).toThrow(expect.objectContaining(denied));
  await expect(executor.execute(task, freshRun())).rejects.toMatchObject(denied);
  expect(executor.health).toBeUndefined();
});
