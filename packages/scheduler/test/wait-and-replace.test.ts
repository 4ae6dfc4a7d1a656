import type { Task } from '@execgo/core';
import { type Deferred, deferred, FakeExecutor, graphInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { JournalStore } from './support/journal-store.js';
import { startKernel } from './support/kernel.js';

/** Reads what is there at the call, and answers when the test says. */
class SlowReads extends JournalStore {
  slow: Deferred<void> | undefined;

  override async getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const found = await super.getMany(ids);
    await this.slow?.promise;
    return found;
  }
}

describe('wait, with a store that answers slowly', () => {
  it('a wait for the task that replaced another is not answered with the end of the other', async () => {
    const store = new SlowReads();
    const executor = new FakeExecutor().script('a', waitsForRelease());
    const kernel = await startKernel({ store, executor });
    await kernel.submit(graphInput({ a: [] }));
    const first = kernel.scheduler.wait('a');
    const slow = deferred();
    store.slow = slow;
    executor.release('a', 'first');
    await kernel.clock.settle();
    await kernel.submit(graphInput({ a: [] }));
    const second = kernel.scheduler.wait('a');
    await kernel.clock.settle();
    store.slow = undefined;
    slow.resolve();
    expect(await first).toMatchObject({ result: 'first' });
    await kernel.clock.settle();
    executor.release('a', 'second');
    expect(await kernel.clock.runUntil(second)).toMatchObject({ result: 'second' });
  });
});
