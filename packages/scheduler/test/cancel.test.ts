import { ExecGoError, isExecGoError } from '@execgo/core';
import {
  type Behaviour,
  fails,
  graphInput,
  hangs,
  ignoresAbort,
  reports,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

/** Notices the abort, but takes until its release to end. */
const endsSlowly: Behaviour = async ({ run, released }) => {
  await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve()));
  await released;
  throw new ExecGoError('exit_nonzero', 'killed', { details: { result: { stdout: 'half' } } });
};

describe('cancel', () => {
  it('a pending task: failed, cancelled, with the reason and the actor; what depends on it is skipped in the same append', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [], b: ['a'], c: ['b'], d: ['c'] }));
    const task = await kernel.scheduler.cancel('b', { reason: 'not needed', actor: 'me' });
    expect(task).toMatchObject({ status: 'failed', run_status: 'cancelled', error: 'task cancelled: not needed' });
    expect(errorOf(task)).toMatchObject({ code: 'cancelled' });
    const append = kernel.store.appends.at(-1)?.filter(({ type }) => type !== 'task_started');
    expect(append).toMatchObject([
      { type: 'task_cancelled', task_id: 'b', actor: 'me' },
      { type: 'task_skipped', task_id: 'c', dependency: 'b', because: 'failed' },
      { type: 'task_skipped', task_id: 'd', dependency: 'c', because: 'skipped' },
    ]);
    expect(kernel.executor.running).toEqual(['a']);
  });

  it('a task that is ready but has no slot: it never runs', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [], b: [], c: [] }));
    await kernel.scheduler.cancel('b');
    kernel.executor.release('a');
    await kernel.end('c');
    expect(kernel.executor.startsOf('b')).toBe(0);
  });

  it('a task that waits for its next attempt: it has none', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails());
    await kernel.submit(graphInput([taskInput({ retry: 5 })]));
    const task = await kernel.scheduler.cancel('a');
    expect(task).toMatchObject({ status: 'failed', run_status: 'cancelled' });
    expect(kernel.clock.pendingTimers).toBe(0);
    await kernel.clock.advance(100_000);
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it('a running task: answered when nothing of it runs any more, with the output it left', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', endsSlowly);
    await kernel.submit(graphInput({ a: [], b: ['a'] }));
    let answered = false;
    const cancelled = kernel.scheduler.cancel('a').finally(() => {
      answered = true;
    });
    await kernel.clock.advance(5000);
    expect(answered).toBe(false);
    expect(await kernel.scheduler.get('b')).toMatchObject({ status: 'pending' });
    kernel.executor.release('a');
    const task = await cancelled;
    expect(task).toMatchObject({ status: 'failed', run_status: 'cancelled', result: { stdout: 'half' } });
    expect(kernel.executor.running).toEqual([]);
    expect(await kernel.scheduler.get('b')).toMatchObject({ status: 'skipped', error: 'dependency a failed' });
  });

  it('the attempt learns from its signal that it was cancelled', async () => {
    const kernel = await startKernel();
    let reason: unknown;
    kernel.executor.script('a', (attempt) =>
      hangs()(attempt).catch((error: unknown) => {
        reason = error;
        throw error;
      }),
    );
    await kernel.submit(graphInput({ a: [] }));
    await kernel.scheduler.cancel('a', { reason: 'enough' });
    expect(isExecGoError(reason, 'cancelled') && reason.message).toBe('task cancelled: enough');
  });

  it('a task with attempts left is not retried', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput([taskInput({ retry: 5 })]));
    await kernel.scheduler.cancel('a');
    await kernel.clock.advance(60_000);
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it('a success that came first wins: 409, and the success stays', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput({ a: [], b: ['a'] }));
    const cancelled = refusal(kernel.scheduler.cancel('a'));
    await kernel.clock.settle();
    kernel.executor.release('a', 'done');
    expect(await cancelled).toMatchObject({ code: 'conflict', details: { status: 'success' } });
    expect(await kernel.end('a')).toMatchObject({ status: 'success', result: 'done' });
    expect(await kernel.end('b')).toMatchObject({ status: 'success' });
  });

  it('several callers at once share one end', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', endsSlowly);
    await kernel.submit(graphInput({ a: [] }));
    const calls = ['first', 'second', 'third'].map((reason) => kernel.scheduler.cancel('a', { reason }));
    await kernel.clock.settle();
    kernel.executor.release('a');
    const tasks = await Promise.all(calls);
    expect(new Set(tasks.map(({ error }) => error))).toEqual(new Set(['task cancelled: first']));
    expect(kernel.history('a').filter((type) => type === 'task_cancelled')).toHaveLength(1);
  });

  it('a task that is cancelled already is answered as it is', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [] }));
    const first = await kernel.scheduler.cancel('a');
    expect(await kernel.scheduler.cancel('a', { reason: 'again' })).toEqual(first);
  });

  it.each(['success', 'failed', 'skipped'])('a task that ended as %s is 409', async (status) => {
    const kernel = await startKernel();
    kernel.executor.script('failed', fails('denied'));
    await kernel.run(graphInput({ success: [], failed: [], skipped: ['failed'] }));
    expect(await refusal(kernel.scheduler.cancel(status))).toMatchObject({ code: 'conflict', details: { status } });
  });

  it('an unknown task is 404', async () => {
    const kernel = await startKernel();
    const error = await refusal(kernel.scheduler.cancel('nobody'));
    expect(error).toMatchObject({ code: 'not_found', message: 'task not found: nobody' });
  });

  it('a task past its timeout with attempts left: it waits for the attempt, then cancels the retry', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 10, retry: 3 })]));
    await kernel.clock.advance(20);
    const cancelled = kernel.scheduler.cancel('a');
    await kernel.clock.settle();
    kernel.executor.release('a');
    expect(await cancelled).toMatchObject({ status: 'failed', run_status: 'cancelled' });
    await kernel.clock.advance(60_000);
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it('is not answered before it is durable', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', hangs());
    await kernel.submit(graphInput({ a: [] }));
    kernel.store.hold();
    let answered = false;
    const cancelled = kernel.scheduler.cancel('a').finally(() => {
      answered = true;
    });
    await kernel.clock.advance(1000);
    expect(answered).toBe(false);
    await kernel.store.release();
    await cancelled;
  });

  it('a task whose submission is not durable yet', async () => {
    const kernel = await startKernel();
    kernel.store.hold();
    const submitted = kernel.scheduler.submit(graphInput({ a: [] }));
    await kernel.clock.settle();
    const cancelled = kernel.scheduler.cancel('a');
    await kernel.clock.settle();
    await kernel.store.release();
    await submitted;
    expect(await cancelled).toMatchObject({ run_status: 'cancelled' });
    expect(kernel.executor.startsOf('a')).toBe(0);
  });
});

describe('cancelling a graph', () => {
  it('ends all of it that is not terminal: one append for what does not run, then each running task', async () => {
    const kernel = await startKernel({ maxConcurrency: 3 });
    kernel.executor.script('run 1', endsSlowly).script('run 2', endsSlowly).script('retry', fails());
    const { graph_id } = await kernel.submit(
      graphInput([
        taskInput({ id: 'done' }),
        taskInput({ id: 'retry', retry: 3 }),
        taskInput({ id: 'run 1', depends_on: ['done'] }),
        taskInput({ id: 'run 2', depends_on: ['done'] }),
        taskInput({ id: 'child', depends_on: ['run 1'] }),
        taskInput({ id: 'other child', depends_on: ['retry'] }),
      ]),
    );
    await kernel.run(graphInput({ bystander: [] }));
    const appends = kernel.store.appends.length;
    let answered = false;
    const cancelled = kernel.scheduler.cancelGraph(graph_id, { reason: 'stop it' }).finally(() => {
      answered = true;
    });
    await kernel.clock.settle();
    const atOnce = kernel.store.appends.slice(appends);
    expect(atOnce).toHaveLength(1);
    expect(atOnce[0]?.map((event) => ('task_id' in event ? event.task_id : ''))).toEqual([
      'retry',
      'other child',
      'child',
    ]);
    expect(answered).toBe(false);
    kernel.executor.release('run 1');
    await kernel.clock.settle();
    expect(answered).toBe(false);
    kernel.executor.release('run 2');
    const summary = await cancelled;
    expect(summary).toMatchObject({ done: true, counts: { success: 1, failed: 4, skipped: 1 } });
    expect(kernel.executor.running).toEqual([]);
  });

  it('that is finished answers what became of it; an unknown one is 404', async () => {
    const kernel = await startKernel();
    const { graph_id } = await kernel.submit(graphInput({ a: [] }));
    await kernel.end('a');
    expect(await kernel.scheduler.cancelGraph(graph_id)).toMatchObject({ counts: { success: 1 }, done: true });
    expect(await refusal(kernel.scheduler.cancelGraph('nothing'))).toMatchObject({ code: 'not_found' });
  });
});

describe('remove', () => {
  it('deletes a finished task, which is then unknown', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [], b: ['a'] }));
    await kernel.scheduler.remove('a', { actor: 'me' });
    expect(kernel.store.appends.at(-1)).toMatchObject([{ type: 'task_deleted', task_id: 'a', actor: 'me' }]);
    expect(await refusal(kernel.scheduler.get('a'))).toMatchObject({ code: 'not_found', message: 'task not found: a' });
    expect(await refusal(kernel.scheduler.remove('a'))).toMatchObject({
      code: 'not_found',
      message: 'task not found: a',
      details: { task_id: 'a' },
    });
  });

  it('a task that is not terminal is cancelled first', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', endsSlowly);
    await kernel.submit(graphInput({ a: [], b: ['a'], c: ['b'] }));
    const removed = kernel.scheduler.remove('a');
    await kernel.clock.advance(20);
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'running' });
    kernel.executor.release('a');
    await removed;
    expect(kernel.history('a').slice(-2)).toEqual(['task_cancelled', 'task_deleted']);
    expect(await kernel.scheduler.get('c')).toMatchObject({ status: 'skipped' });
    await kernel.submit(graphInput({ a: [] }));
  });

  it('a finished task that an unfinished one depends on is 409, naming the dependent', async () => {
    const kernel = await startKernel();
    kernel.executor.script('b', waitsForRelease());
    await kernel.submit(graphInput({ a: [], b: ['a'] }));
    const error = await refusal(kernel.scheduler.remove('a'));
    expect(error).toMatchObject({ code: 'conflict', details: { task_id: 'a' } });
    expect(error.message).toContain('"b" depends on it');
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'success' });
    kernel.executor.release('b');
    await kernel.end('b');
    await kernel.scheduler.remove('a');
  });

  it('of two at once one deletes', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    const outcomes = await Promise.allSettled([kernel.scheduler.remove('a'), kernel.scheduler.remove('a')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(kernel.history('a').filter((type) => type === 'task_deleted')).toHaveLength(1);
  });

  it('is not answered before it is durable, and its id cannot be taken before that', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ a: [] }));
    kernel.store.hold();
    const removed = kernel.scheduler.remove('a');
    await kernel.clock.settle();
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'success' });
    expect(await refusal(kernel.scheduler.submit(graphInput({ a: [] })))).toMatchObject({ code: 'conflict' });
    expect(await refusal(kernel.scheduler.submit(graphInput({ b: ['a'] })))).toMatchObject({ code: 'conflict' });
    await kernel.store.release();
    await removed;
  });

  it('a task that reported progress is removed like any other', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', reports(['x'], hangs()));
    await kernel.submit(graphInput({ a: [] }));
    await kernel.scheduler.remove('a');
    expect(kernel.scheduler.stats()).toMatchObject({ unfinished: 0, running: 0 });
  });
});
