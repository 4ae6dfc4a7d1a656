import { ExecGoError, type Json, type TaskSpec } from '@execgo/core';
import { type Behaviour, FakeExecutor, graphInput, succeeds, taskInput } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, type KernelSetup, startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

/** Runs `a` with this result, then `b` with this input; what `b` was given and what became of it. */
async function runWith(result: unknown, input: Json, setup: KernelSetup = {}) {
  const kernel = await startKernel(setup);
  let given: TaskSpec | undefined;
  kernel.executor.script('a', succeeds(result)).script('b', async ({ task }) => {
    given = task;
  });
  const tasks = await kernel.run(graphInput([taskInput(), taskInput({ id: 'b', input, depends_on: ['a'], retry: 3 })]));
  return { kernel, given, task: tasks.get('b') };
}

describe('references', () => {
  it('are replaced by the result of the task they name, anywhere in the input', async () => {
    const { given } = await runWith(
      { list: [1, { deep: 'value' }], 'a/b': null },
      {
        all: { $from: 'a' },
        some: [{ $from: 'a', pointer: '/list/1/deep' }, { kept: { $from: 'a', pointer: '/a~1b' } }],
      },
    );
    expect(given?.input).toEqual({
      all: { list: [1, { deep: 'value' }], 'a/b': null },
      some: ['value', { kept: null }],
    });
  });

  it('serve params as well', async () => {
    const kernel = await startKernel();
    let given: TaskSpec | undefined;
    kernel.executor.script('a', succeeds('text')).script('b', async ({ task }) => {
      given = task;
    });
    const b = { id: 'b', type: 'noop', params: { message: { $from: 'a' } }, depends_on: ['a'] };
    await kernel.run(graphInput([taskInput(), b]));
    expect(given?.params).toEqual({ message: 'text' });
    expect(given?.input).toEqual({ message: 'text' });
  });

  it('stay as they are in what is stored', async () => {
    const input = { x: { $from: 'a', pointer: '/y' } };
    const { task } = await runWith({ y: 1 }, input);
    expect(task).toMatchObject({ status: 'success', spec: { input } });
  });

  it('are resolved anew for every attempt, just before it starts', async () => {
    const kernel = await startKernel();
    const seen: unknown[] = [];
    const failing: Behaviour = async ({ task }) => {
      seen.push(task.input);
      throw new ExecGoError('external_failure', 'again');
    };
    kernel.executor.script('a', succeeds([7])).script('b', failing);
    await kernel.run(
      graphInput([
        taskInput(),
        taskInput({ id: 'b', input: { n: { $from: 'a', pointer: '/0' } }, depends_on: ['a'], retry: 1 }),
      ]),
    );
    expect(seen).toEqual([{ n: 7 }, { n: 7 }]);
  });

  it('are resolved from tasks of earlier graphs too', async () => {
    const kernel = await startKernel();
    let given: unknown;
    kernel.executor.script('a', succeeds(5)).script('b', async ({ task }) => {
      given = task.input;
    });
    await kernel.run(graphInput({ a: [] }));
    await kernel.run(graphInput([taskInput({ id: 'b', input: { n: { $from: 'a' } }, depends_on: ['a'] })]));
    expect(given).toEqual({ n: 5 });
  });

  it('an executor checks the input again, with references resolved', async () => {
    const checked: unknown[] = [];
    const executor = new FakeExecutor({
      check: (task) => {
        checked.push(task.input);
        if (task.input === 'evil') throw new ExecGoError('denied', 'resolved to something evil');
      },
    });
    const { kernel, task, given } = await runWith('evil', { $from: 'a' }, { executor });
    expect(checked).toEqual([undefined, { $from: 'a' }, 'evil']);
    expect(given).toBeUndefined();
    expect(errorOf(task)).toMatchObject({ code: 'denied', message: 'resolved to something evil' });
    expect(kernel.executor.startsOf('b')).toBe(0);
  });

  it.each([
    ['a pointer that finds nothing', { y: 1 }, { $from: 'a', pointer: '/z' }],
    ['a task without a result', undefined, { $from: 'a' }],
    ['a member of Object', {}, { $from: 'a', pointer: '/constructor' }],
  ])('%s fails the task with invalid_input, without a retry', async (_, result, input) => {
    const { task, given } = await runWith(result, { x: input });
    expect(given).toBeUndefined();
    expect(task?.runtime?.attempt).toBe(1);
    expect(errorOf(task)).toMatchObject({ code: 'invalid_input' });
    expect(task?.error).toContain('task "a"');
  });

  it.each([
    ['too large: 8 MiB', 'x'.repeat(3 * 1024 * 1024), [{ $from: 'a' }, { $from: 'a' }, { $from: 'a' }]],
    ['too deep: 64', JSON.parse(`${'['.repeat(60)}${']'.repeat(60)}`) as Json, [[[[[{ $from: 'a' }]]]]]],
  ])('input that becomes %s fails the task', async (_, result, input) => {
    const { task, given } = await runWith(result, { x: input });
    expect(given).toBeUndefined();
    expect(errorOf(task)).toMatchObject({ code: 'resource_limit_exceeded' });
  });

  it('what is not exactly of their form is data', async () => {
    const input = { x: { $from: 'a', other: 1 }, y: { $from: 5 } };
    const { given } = await runWith(1, input);
    expect(given?.input).toEqual(input);
  });

  it('to a task that is not in depends_on are refused at submit', async () => {
    const kernel = await startKernel();
    const b = taskInput({ id: 'b', input: { x: { $from: 'a' } } });
    const error = await refusal(kernel.submit(graphInput([taskInput(), b])));
    expect(error).toMatchObject({ code: 'invalid_input' });
    expect(error.message).toContain('not in depends_on');
  });
});
