import { FakeExecutor, fails, graphInput, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import type { TaskNode } from '../src/graph-index.js';
import { ReadyQueue } from '../src/ready-queue.js';
import { startKernel } from './support/kernel.js';
import { nodesOf } from './support/nodes.js';

describe('tasks cancelled while they waited for a slot', () => {
  it('are not counted as ready', async () => {
    const executor = new FakeExecutor().script('busy', waitsForRelease());
    const kernel = await startKernel({ executor, maxConcurrency: 1 });
    await kernel.submit(graphInput({ busy: [] }));
    await kernel.submit(graphInput({ a: [], b: [], c: ['b'] }));
    expect(kernel.scheduler.stats().ready).toBe(2);
    await kernel.scheduler.cancel('a');
    expect(kernel.scheduler.stats().ready).toBe(1);
    await kernel.scheduler.cancel('c');
    expect(kernel.scheduler.stats().ready).toBe(1);
    executor.release('busy');
    await kernel.end('b');
    expect(kernel.scheduler.stats().ready).toBe(0);
  });

  it('a task that waits for its next attempt is not ready, cancelled or not, also after a restart', async () => {
    const executor = new FakeExecutor().script('a', fails()).script('b', fails());
    const before = await startKernel({ executor });
    await before.submit(graphInput([taskInput({ id: 'a', retry: 1 }), taskInput({ id: 'b', retry: 1 })]));
    await before.scheduler.cancel('a');
    expect(before.scheduler.stats().ready).toBe(0);
    const kernel = await startKernel({ journal: before.crash(), maxConcurrency: 1 });
    await kernel.submit(graphInput({ c: [] }));
    await kernel.scheduler.cancel('b');
    expect(kernel.scheduler.stats()).toMatchObject({ ready: 0, unfinished: 0 });
  });

  it('leave the queue once they are the larger part; the others keep their order', () => {
    const queue = new ReadyQueue();
    const [big, small] = [
      nodesOf(
        'big',
        Array.from({ length: 3000 }, (_, at) => ({ id: `big${at}` })),
      ),
      nodesOf('small', [{ id: 's1' }, { id: 's2' }, { id: 'first', priority: 1 }]),
    ];
    for (const node of [...big, ...small]) queue.push(node);
    for (const node of big.slice(2)) {
      (node as TaskNode).status = 'failed';
      queue.noteCancelled();
    }
    expect(queue.startable).toBe(5);
    expect(queue.length).toBeLessThan(2000);
    const ids = Array.from({ length: 6 }, () => queue.shift(() => true)?.id);
    expect(ids).toEqual(['first', 'big0', 's1', 'big1', 's2', undefined]);
    expect([queue.length, queue.startable]).toEqual([0, 0]);
  });
});
