import { graphInput, taskInput } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

const GRAPH = graphInput([taskInput({ id: 'a', input: { x: 1, y: [2] } }), taskInput({ id: 'b', depends_on: ['a'] })]);
const KEY = { idempotencyKey: 'k' };

describe('Idempotency-Key', () => {
  it('a repeat returns the first receipt, also when its tasks have ended, and runs nothing twice', async () => {
    const kernel = await startKernel();
    const first = await kernel.submit(GRAPH, KEY);
    await kernel.end('b');
    expect(await kernel.submit(GRAPH, KEY)).toEqual(first);
    await kernel.scheduler.remove('b');
    expect(await kernel.submit(GRAPH, KEY)).toEqual(first);
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it('two at once with one key are one submission', async () => {
    const kernel = await startKernel();
    const receipts = await Promise.all([1, 2, 3].map(() => kernel.scheduler.submit(GRAPH, KEY)));
    expect(receipts[1]).toEqual(receipts[0]);
    expect(receipts[2]).toEqual(receipts[0]);
    expect(kernel.scheduler.stats().submitted).toBe(2);
  });

  it('a repeat while the first is not durable yet waits for that', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const first = kernel.scheduler.submit(GRAPH, KEY);
    await kernel.clock.settle();
    let answered = false;
    const second = kernel.scheduler.submit(GRAPH, KEY).finally(() => {
      answered = true;
    });
    await kernel.clock.settle();
    expect(answered).toBe(false);
    await kernel.store.release();
    expect(await second).toEqual(await first);
  });

  it('the warnings of the first receipt come again', async () => {
    const kernel = await startKernel();
    const graph = { tasks: [{ ...taskInput(), colour: 'red' }] };
    const first = await kernel.submit(graph, KEY);
    expect(first.warnings).toHaveLength(1);
    expect(await kernel.submit(graph, KEY)).toEqual(first);
  });

  it('the order of keys in an object does not make another graph', async () => {
    const kernel = await startKernel();
    const first = await kernel.submit(GRAPH, KEY);
    const same = graphInput([
      { input: { y: [2], x: 1 }, tool_name: 'noop', type: 'os', id: 'a' },
      taskInput({ id: 'b', depends_on: ['a'] }),
    ]);
    expect(await kernel.submit(same, KEY)).toEqual(first);
  });

  it.each([
    ['another input', [taskInput({ id: 'a', input: { x: 1, y: [3] } }), taskInput({ id: 'b', depends_on: ['a'] })]],
    [
      'an array in place of an object',
      [
        taskInput({
          id: 'a',
          input: [
            ['x', 1],
            ['y', [2]],
          ],
        }),
        taskInput({ id: 'b', depends_on: ['a'] }),
      ],
    ],
    ['another dependency', [taskInput({ id: 'a', input: { x: 1, y: [2] } }), taskInput({ id: 'b' })]],
    ['one task less', [taskInput({ id: 'a', input: { x: 1, y: [2] } })]],
  ])('the same key with %s is 409, under way and afterwards', async (_, tasks) => {
    const kernel = await startKernel();
    kernel.executor.check = () => {};
    const first = kernel.scheduler.submit(GRAPH, KEY);
    expect(await refusal(kernel.scheduler.submit(graphInput(tasks), KEY))).toMatchObject({ code: 'conflict' });
    await first;
    await kernel.end('b');
    expect(await refusal(kernel.submit(graphInput(tasks), KEY))).toMatchObject({ code: 'conflict' });
  });

  it('a key belongs to its caller', async () => {
    const kernel = await startKernel();
    const mine = await kernel.submit(GRAPH, { ...KEY, actor: 'me' });
    await kernel.end('b');
    const yours = await kernel.submit(GRAPH, { ...KEY, actor: 'you' });
    expect(yours.graph_id).not.toBe(mine.graph_id);
    expect(await kernel.submit(GRAPH, { ...KEY, actor: 'me' })).toEqual(mine);
  });

  it('survives a restart on the same store', async () => {
    const before = await startKernel();
    const first = await before.scheduler.submit(GRAPH, KEY);
    const after = await startKernel({ journal: before.crash() });
    expect(await after.submit(GRAPH, KEY)).toEqual(first);
    await after.end('b');
    expect(after.scheduler.stats().submitted).toBe(0);
  });

  it('a refused submission leaves its key free', async () => {
    const kernel = await startKernel();
    await refusal(kernel.submit(graphInput({ a: ['unknown'] }), KEY));
    await kernel.submit(GRAPH, KEY);
  });

  it.each(['', 'k'.repeat(257), 'two words', 'ä', 7 as unknown as string])(
    'a key must have 1–256 visible ASCII characters (%#)',
    async (idempotencyKey) => {
      const kernel = await startKernel();
      expect(await refusal(kernel.submit(GRAPH, { idempotencyKey }))).toMatchObject({ code: 'invalid_input' });
      await kernel.submit(GRAPH, { idempotencyKey: 'k'.repeat(256) });
    },
  );
});
