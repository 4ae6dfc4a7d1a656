import { fails, graphInput, hangs, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

describe('skips', () => {
  it('a failure skips everything downstream: "dependency <id> failed" for a child, "dependency <id> skipped" further down', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    const tasks = await kernel.run(graphInput({ a: [], b: ['a'], c: ['b'], d: ['c', 'x'], x: [], y: ['x'] }));
    expect([...tasks].map(([id, task]) => [id, task.status, task.error])).toEqual([
      ['a', 'failed', 'failed: denied'],
      ['b', 'skipped', 'dependency a failed'],
      ['c', 'skipped', 'dependency b skipped'],
      ['d', 'skipped', 'dependency c skipped'],
      ['x', 'success', undefined],
      ['y', 'success', undefined],
    ]);
    expect(kernel.executor.startsOf('b') + kernel.executor.startsOf('d')).toBe(0);
  });

  it('a child of a failed task is told of that failure also where it has a skipped parent too', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    const tasks = await kernel.run(graphInput({ a: [], b: ['a'], c: ['b', 'a'] }));
    expect(tasks.get('c')?.error).toBe('dependency a failed');
  });

  it('a skipped task has no runtime and no run_status', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    const task = (await kernel.run(graphInput({ a: [], b: ['a'] }))).get('b');
    expect([task?.runtime, task?.run_status, task?.result]).toEqual([undefined, undefined, undefined]);
  });

  it('a failure and all its skips are one append, so that a crash never leaves half of them', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    await kernel.run(graphInput({ a: [], b: ['a'], c: ['b'], d: ['a'] }));
    const append = kernel.store.appends.find((events) => events.some(({ type }) => type === 'task_failed'));
    expect(append?.filter(({ type }) => type === 'task_skipped')).toHaveLength(3);
  });

  it('nothing is skipped while a failed task still has attempts left', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails(), hangs());
    await kernel.submit(graphInput([taskInput({ retry: 1 }), taskInput({ id: 'b', depends_on: ['a'] })]));
    expect(await kernel.scheduler.get('b')).toMatchObject({ status: 'pending' });
  });
});

describe('dependencies on tasks the server already knows', () => {
  it('finished and successful counts as done', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    expect((await kernel.run(graphInput({ b: ['a'] }))).get('b')?.status).toBe('success');
  });

  it('failed or skipped: the task is skipped at once, with what depends on it', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    await kernel.run(graphInput({ a: [], b: ['a'] }));
    await kernel.submit(graphInput({ c: ['a'], d: ['c'], e: ['b'], free: [] }));
    const errors = await Promise.all(['c', 'd', 'e'].map(async (id) => (await kernel.stored(id))?.error));
    expect(errors).toEqual(['dependency a failed', 'dependency c skipped', 'dependency b skipped']);
    expect((await kernel.end('free')).status).toBe('success');
    expect(kernel.scheduler.stats().unfinished).toBe(0);
  });

  it('a task that is skipped at once is so in the very append of its submission', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    await kernel.run(graphInput({ a: [] }));
    await kernel.submit(graphInput({ c: ['a'] }));
    expect(kernel.store.appends.at(-1)?.map(({ type }) => type)).toEqual([
      'graph_submitted',
      'task_submitted',
      'task_skipped',
    ]);
  });

  it('unfinished, in another graph: it waits for that, and is skipped when that fails', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease()).script('b', waitsForRelease());
    await kernel.submit(graphInput({ a: [], b: [] }));
    await kernel.submit(graphInput({ 'after a': ['a'], 'after b': ['b'], 'after both': ['after a', 'b'] }));
    expect(kernel.executor.startsOf('after a')).toBe(0);
    kernel.executor.release('a');
    expect(await kernel.end('after a')).toMatchObject({ status: 'success' });
    kernel.executor.script('b', fails('denied'));
    await kernel.scheduler.cancel('b');
    expect((await kernel.end('after b')).error).toBe('dependency b failed');
    expect((await kernel.end('after both')).error).toBe('dependency b failed');
  });

  it('unknown or deleted is the v1 error', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    await kernel.scheduler.remove('a');
    for (const id of ['a', 'never']) {
      const error = await refusal(kernel.submit(graphInput({ b: [id] })));
      expect(error.message).toBe(`task "b" depends on unknown task "${id}"`);
    }
  });

  it('just finishing in the same turn: it is waited for until that is durable, not missed', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [] }));
    kernel.executor.release('a');
    const receipts = [1, 2, 3].map((number) => kernel.scheduler.submit(graphInput({ [`b${number}`]: ['a'] })));
    await Promise.all(receipts);
    for (const number of [1, 2, 3]) expect((await kernel.end(`b${number}`)).status).toBe('success');
  });

  it('decided but not durable yet: it is not started before that', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [] }));
    kernel.store.hold();
    kernel.executor.release('a');
    await kernel.clock.settle();
    const receipt = kernel.scheduler.submit(graphInput({ b: ['a'] }));
    await kernel.clock.settle();
    expect(kernel.executor.startsOf('b')).toBe(0);
    await kernel.store.release();
    await receipt;
    expect((await kernel.end('b')).status).toBe('success');
  });

  it('finishing while the check of an executor takes its time', async () => {
    const kernel = await startKernel();
    let goOn: () => void = () => {};
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [] }));
    kernel.executor.check = () => new Promise((resolve) => (goOn = resolve));
    const receipt = kernel.scheduler.submit(graphInput({ b: ['a'] }));
    await kernel.clock.settle();
    kernel.executor.release('a');
    await kernel.end('a');
    goOn();
    await receipt;
    expect((await kernel.end('b')).status).toBe('success');
  });

  it('nobody deletes or replaces a dependency while the submission that names it is being checked', async () => {
    const kernel = await startKernel();
    let goOn: () => void = () => {};
    await kernel.run(graphInput({ a: [] }));
    kernel.executor.check = (task) => (task.id === 'b' ? new Promise((resolve) => (goOn = resolve)) : undefined);
    const receipt = kernel.scheduler.submit(graphInput({ b: ['a'] }));
    await kernel.clock.settle();
    expect(await refusal(kernel.scheduler.remove('a'))).toMatchObject({ code: 'conflict' });
    expect(await refusal(kernel.scheduler.submit(graphInput({ a: [] })))).toMatchObject({ code: 'conflict' });
    goOn();
    await receipt;
    await kernel.end('b');
    await kernel.scheduler.remove('a');
  });
});
