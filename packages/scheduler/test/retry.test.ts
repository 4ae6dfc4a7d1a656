import { ExecGoError, type RunErrorCode } from '@execgo/core';
import { FakeExecutor, fails, graphInput, succeeds, taskInput, throwsRaw } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, startKernel } from './support/kernel.js';

/** Moments, in clock milliseconds, at which each attempt of one task began. */
async function attemptTimes(retry: number): Promise<readonly number[]> {
  const times: number[] = [];
  const kernel = await startKernel();
  kernel.executor.script('a', async () => {
    times.push(kernel.clock.monotonic());
    throw new Error('again');
  });
  await kernel.run(graphInput([taskInput({ retry })]));
  return times;
}

describe('retries', () => {
  it('makes retry + 1 attempts, and the last failure is the one that stays', async () => {
    const kernel = await startKernel();
    kernel.executor.script(
      'a',
      fails('external_failure', 'one'),
      fails('exit_nonzero', 'two'),
      fails('internal', 'three'),
    );
    const tasks = await kernel.run(graphInput([taskInput({ retry: 2 })]));
    expect(kernel.executor.startsOf('a')).toBe(3);
    expect(tasks.get('a')).toMatchObject({ status: 'failed', run_status: 'failed', error: 'three' });
    expect(errorOf(tasks.get('a'))?.code).toBe('internal');
    expect(tasks.get('a')?.runtime?.attempt).toBe(3);
  });

  it('does not repeat what may have happened: an error that is final ends the task', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', async () => {
      throw new ExecGoError('external_failure', 'the answer was lost', { final: true });
    });
    const tasks = await kernel.run(graphInput([taskInput({ retry: 3 })]));
    expect(kernel.executor.startsOf('a')).toBe(1);
    expect(tasks.get('a')).toMatchObject({ status: 'failed', error: 'the answer was lost' });
  });

  it('takes a negative retry for none', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails());
    await kernel.run(graphInput([taskInput({ retry: -3 })]));
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it('stops at the first success', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails(), fails(), succeeds('done'));
    const tasks = await kernel.run(graphInput([taskInput({ retry: 9 })]));
    expect(tasks.get('a')).toMatchObject({ status: 'success', result: 'done', error: undefined });
    expect(tasks.get('a')?.runtime?.attempt).toBe(3);
    expect(kernel.history('a')).toEqual([
      'task_submitted',
      'task_started',
      'task_retried',
      'task_started',
      'task_retried',
      'task_started',
      'task_succeeded',
    ]);
  });

  it('attempt n ≥ 2 waits min(100 ms · 2^(n−2), 10 s), to the millisecond', async () => {
    const times = await attemptTimes(10);
    const waits = times.slice(1).map((time, at) => time - (times[at] as number));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  });

  it.each<RunErrorCode>(['invalid_input', 'denied', 'cancelled', 'not_found'])('never retries %s', async (code) => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails(code, 'final'));
    const tasks = await kernel.run(graphInput([taskInput({ retry: 5 })]));
    expect(kernel.executor.startsOf('a')).toBe(1);
    expect(errorOf(tasks.get('a'))).toMatchObject({ code, message: 'final' });
  });

  it('a task type that lost its executor is never retried', async () => {
    const journal = (await crashedWith(new FakeExecutor({ category: 'mcp' }))).journal;
    const kernel = await startKernel({ journal });
    expect(errorOf(await kernel.end('a'))).toMatchObject({ code: 'not_found' });
    expect((await kernel.stored('a'))?.runtime?.attempt).toBe(1);
  });

  it('a waiting task holds no slot', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', fails(), succeeds());
    await kernel.submit(graphInput([taskInput({ id: 'a', retry: 1, priority: 5 }), taskInput({ id: 'b' })]));
    expect(kernel.executor.startsOf('b')).toBe(1);
    expect(kernel.scheduler.stats()).toMatchObject({ running: 0, unfinished: 1 });
    expect(await kernel.end('a')).toMatchObject({ status: 'success' });
  });

  it('shows a task that waits for its next attempt as pending and retrying, with the failure and its output', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('exit_nonzero', 'no', { details: { result: { stdout: 'x' } } }), succeeds());
    await kernel.submit(graphInput([taskInput({ retry: 1 })]));
    const task = await kernel.scheduler.get('a');
    expect(task).toMatchObject({ status: 'pending', run_status: 'retrying', error: 'no', result: { stdout: 'x' } });
    expect(task.runtime?.not_before).toBe(kernel.clock.now() + 100);
  });

  it('counts what is not an ExecGoError as internal, and retries it', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', throwsRaw(new TypeError('bug')), throwsRaw('just text'));
    const tasks = await kernel.run(graphInput([taskInput({ retry: 1 })]));
    expect(kernel.executor.startsOf('a')).toBe(2);
    expect(errorOf(tasks.get('a'))).toEqual({ code: 'internal', message: 'just text' });
  });

  it('keeps result, details, source and code of a failure', async () => {
    const kernel = await startKernel();
    const details = { result: { stdout: 'out' }, details: { pid: 7 }, field: 'x' };
    kernel.executor.script(
      'a',
      fails('launch_failed', 'no such file', { details, source: 'os.shell', retryable: true }),
    );
    const task = (await kernel.run(graphInput([taskInput()]))).get('a');
    expect(task?.result).toEqual({ stdout: 'out' });
    expect(task?.runtime?.details).toEqual({ pid: 7 });
    expect(errorOf(task)).toEqual({
      code: 'launch_failed',
      message: 'no such file',
      retryable: true,
      source: 'os.shell',
      details: { field: 'x' },
    });
  });
});

/** A life that ended with the task `a`, of this executor's category, submitted and not begun. */
async function crashedWith(executor: FakeExecutor) {
  const kernel = await startKernel({ executor, others: [] });
  await kernel.submit(graphInput([taskInput({ type: executor.category, tool_name: 'x' })]));
  const journal = kernel.crash().filter((event) => event.type === 'graph_submitted' || event.type === 'task_submitted');
  return { journal };
}
