import { graphInput, succeeds } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, startKernel } from './support/kernel.js';

describe('whatever an executor throws counts as internal', () => {
  it.each([
    ['undefined', undefined],
    ['a symbol', Symbol('odd')],
    ['an object without a text', Object.create(null)],
    [
      'an object whose text throws',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: 1n })],
  ])('%s', async (_, thrown) => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', () => {
      throw thrown;
    });
    kernel.executor.script('b', succeeds('ran'));
    const tasks = await kernel.run(graphInput({ a: [], b: [] }));
    expect(errorOf(tasks.get('a'))).toMatchObject({ code: 'internal', message: expect.any(String) });
    expect(tasks.get('b')).toMatchObject({ status: 'success' });
  });
});
