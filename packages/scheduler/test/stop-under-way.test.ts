import { ExecGoError } from '@execgo/core';
import { deferred, FakeExecutor, graphInput, hangs } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { newKernel, startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

describe('a stop while a submission is under way', () => {
  it('answers it, also when its append is still under way at the end', async () => {
    const checked = deferred();
    const executor = new FakeExecutor({ check: ({ id }) => (id === 'late' ? checked.promise : undefined) });
    executor.script('a', hangs());
    const kernel = await startKernel({ executor });
    await kernel.submit(graphInput({ a: [] }));
    const submitted = refusal(kernel.scheduler.submit(graphInput({ late: [] })));
    await kernel.clock.settle();
    kernel.store.hold();
    const stopped = kernel.scheduler.stop({ graceMs: 0 });
    await kernel.clock.advance(1);
    checked.resolve();
    await kernel.clock.settle();
    expect(kernel.store.held).toBe(2);
    await kernel.store.release(1);
    expect(await kernel.clock.runUntil(submitted)).toMatchObject({ code: 'unavailable' });
    await kernel.clock.runUntil(stopped);
    kernel.crash();
  });
});

describe('an executor that cannot be closed', () => {
  it('does not keep the store from being closed, also when it throws instead of rejecting', async () => {
    const executor = new FakeExecutor();
    executor.close = () => {
      throw new ExecGoError('internal', 'stuck');
    };
    const kernel = newKernel({ executor });
    await kernel.clock.runUntil(kernel.scheduler.start());
    expect(await refusal(kernel.clock.runUntil(kernel.scheduler.stop()))).toMatchObject({ message: 'stuck' });
    expect(kernel.store.closed).toBe(1);
  });

  it('does not hide why the start failed', async () => {
    const executor = new FakeExecutor();
    executor.open = () => Promise.reject(new ExecGoError('unavailable', 'cannot open'));
    executor.close = () => Promise.reject(new ExecGoError('internal', 'cannot close'));
    const kernel = newKernel({ executor });
    expect(await refusal(kernel.clock.runUntil(kernel.scheduler.start()))).toMatchObject({ message: 'cannot open' });
    expect(kernel.store.closed).toBe(1);
  });
});
