import {
  ExecGoError,
  type Executor,
  isExecGoError,
  type LiveReport,
  type RunContext,
  type TaskEvent,
} from '@execgo/core';
import {
  accepts,
  type Behaviour,
  FakeExecutor,
  fails,
  graphInput,
  hangs,
  ignoresAbort,
  reports,
  succeeds,
  takes,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { errorOf, startKernel } from './support/kernel.js';

describe('the timeout', () => {
  it('bounds one attempt, aborts its signal with the reason, and is retried', async () => {
    const kernel = await startKernel();
    const reasons: unknown[] = [];
    const hangingOnce: Behaviour = async (attempt) => {
      await hangs()(attempt).catch((reason: unknown) => {
        reasons.push(reason);
        throw reason;
      });
    };
    kernel.executor.script('a', hangingOnce, takes(kernel.clock, 40, succeeds('in time')));
    await kernel.submit(graphInput([taskInput({ timeout: 50, retry: 1 })]));
    await kernel.clock.advance(49);
    expect(reasons).toEqual([]);
    await kernel.clock.advance(1);
    expect(isExecGoError(reasons[0], 'timeout')).toBe(true);
    const task = await kernel.end('a');
    expect(task).toMatchObject({ status: 'success', result: 'in time' });
    expect(task.runtime?.attempt).toBe(2);
  });

  it('is the error in the end, retryable, with the output the attempt left', async () => {
    const kernel = await startKernel();
    const leavesOutput: Behaviour = async (attempt) =>
      hangs()(attempt).catch(() =>
        fails('exit_nonzero', 'killed', { details: { result: { stdout: 'half' } } })(attempt),
      );
    kernel.executor.script('a', leavesOutput);
    const task = (await kernel.run(graphInput([taskInput({ timeout: 50 })]))).get('a');
    expect(errorOf(task)).toEqual({
      code: 'timeout',
      message: 'attempt timed out after 50 ms',
      retryable: true,
      source: 'scheduler',
    });
    expect(task?.result).toEqual({ stdout: 'half' });
  });

  it('an answer that comes after it does not count, but is kept', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 50 })]));
    await kernel.clock.advance(60);
    kernel.executor.release('a', 'late');
    expect(await kernel.end('a')).toMatchObject({
      status: 'failed',
      result: 'late',
      runtime: { error: { code: 'timeout' } },
    });
  });

  it('its slot is not free before the attempt has settled', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 50, priority: 1 }), taskInput({ id: 'b' })]));
    await kernel.clock.advance(5000);
    expect(kernel.executor.startsOf('b')).toBe(0);
    kernel.executor.release('a');
    await kernel.clock.settle();
    expect(kernel.executor.startsOf('b')).toBe(1);
  });

  it('absent or not above 0 means none; the default timeout sets one', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', takes(kernel.clock, 10 ** 9)).script('b', takes(kernel.clock, 10 ** 9));
    const tasks = await kernel.run(graphInput([taskInput(), taskInput({ id: 'b', timeout: -5 })]));
    expect([...tasks.values()].map(({ status }) => status)).toEqual(['success', 'success']);
    const limited = await startKernel({ defaultTimeoutMs: 70 });
    limited.executor.script('a', hangs()).script('b', takes(limited.clock, 100));
    const ends = await limited.run(graphInput([taskInput(), taskInput({ id: 'b', timeout: 200 })]));
    expect(ends.get('a')?.error).toBe('attempt timed out after 70 ms');
    expect(ends.get('b')?.status).toBe('success');
  });

  it('an attempt that ends in time leaves no timer behind', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput([taskInput({ timeout: 60_000 })]));
    expect(kernel.clock.pendingTimers).toBe(0);
  });
});

describe('an executor that ignores its signal', () => {
  it('is abandoned after 10 s: failed and counted, its slot free, its late answer dropped', async () => {
    const kernel = await startKernel({ maxConcurrency: 1 });
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 50, priority: 1 }), taskInput({ id: 'b' })]));
    await kernel.clock.advance(10_049);
    expect(kernel.scheduler.stats()).toMatchObject({ abandoned: 0, running: 1 });
    await kernel.clock.advance(1);
    expect(kernel.scheduler.stats()).toMatchObject({ abandoned: 1, running: 0 });
    expect(kernel.executor.startsOf('b')).toBe(1);
    const task = await kernel.scheduler.get('a');
    expect(task).toMatchObject({ status: 'failed', result: undefined });
    expect(errorOf(task)).toMatchObject({ code: 'timeout', retryable: true });
    kernel.executor.release('a', 'late');
    await kernel.clock.advance(100);
    expect(await kernel.scheduler.get('a')).toEqual(task);
  });

  it('the error says that it was abandoned', async () => {
    const kernel = await startKernel({ abandonAfterMs: 300 });
    kernel.executor.script('a', ignoresAbort()).script('b', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 50 }), taskInput({ id: 'b' })]));
    const said = 'the executor ignored its signal for 300 ms and was abandoned';
    expect((await kernel.end('a')).error).toBe(`attempt timed out after 50 ms; ${said}`);
    const cancelled = await kernel.clock.runUntil(kernel.scheduler.cancel('b', { reason: 'enough' }));
    expect(errorOf(cancelled)).toMatchObject({ code: 'cancelled', message: `task cancelled: enough; ${said}` });
    kernel.executor.release('a');
    kernel.executor.release('b');
  });

  it('is not tried again: the deaf attempt may still run, and two of one task never do', async () => {
    const kernel = await startKernel({ abandonAfterMs: 300 });
    kernel.executor.script('a', ignoresAbort());
    await kernel.submit(graphInput([taskInput({ timeout: 50, retry: 3 })]));
    expect((await kernel.end('a')).runtime).toMatchObject({ status: 'failed', attempt: 1 });
    await kernel.clock.advance(60_000);
    expect(kernel.executor.startsOf('a')).toBe(1);
    kernel.executor.release('a');
  });

  it('what it reports after that is not heard', async () => {
    const kernel = await startKernel({ abandonAfterMs: 10 });
    let run: RunContext | undefined;
    kernel.executor.script('a', (attempt) => {
      run = attempt.run;
      return ignoresAbort()(attempt);
    });
    await kernel.submit(graphInput([taskInput({ timeout: 50 })]));
    const task = await kernel.end('a');
    run?.progress('still here');
    await expect(run?.accept('handle')).rejects.toMatchObject({ code: 'cancelled' });
    await kernel.clock.advance(100);
    expect(await kernel.scheduler.get('a')).toEqual(task);
    kernel.executor.release('a');
  });
});

describe('what an attempt is given', () => {
  it('a run id of store, task and attempt, and the number of the attempt', async () => {
    const kernel = await startKernel();
    const seen: unknown[] = [];
    kernel.executor.script('x/y', async ({ run }) => {
      seen.push([run.runId, run.attempt, run.handle]);
      throw new Error('again');
    });
    await kernel.run(graphInput([taskInput({ id: 'x/y', retry: 1 })]));
    expect(seen).toEqual([
      ['journal/x/y/1', 1, undefined],
      ['journal/x/y/2', 2, undefined],
    ]);
  });

  it('a signal that is aborted already, when it is first asked for after the end was told', async () => {
    const kernel = await startKernel();
    let run: RunContext | undefined;
    kernel.executor.script('a', (attempt) => {
      run = attempt.run;
      return attempt.released;
    });
    await kernel.submit(graphInput([taskInput({ timeout: 10 })]));
    await kernel.clock.advance(20);
    expect(run?.signal.aborted).toBe(true);
    expect(isExecGoError(run?.signal.reason, 'timeout')).toBe(true);
    kernel.executor.release('a');
  });

  it('accept makes its handle durable before it goes on; the task is then accepted and can be found by it', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', accepts('h1', waitsForRelease()));
    await kernel.submit(graphInput([taskInput()]));
    const task = await kernel.scheduler.get('a');
    expect(task).toMatchObject({ status: 'running', run_status: 'accepted', handle_id: 'h1' });
    expect((await kernel.scheduler.list({ handle_id: 'h1' })).tasks).toEqual([task]);
    kernel.executor.release('a');
    expect(await kernel.end('a')).toMatchObject({ status: 'success', handle_id: 'h1' });
  });

  it('progress is heard at once, shown by get while it runs, and kept with the last event: the newest 100', async () => {
    const kernel = await startKernel();
    const messages = Array.from({ length: 130 }, (_, at) => `step ${at}`);
    kernel.executor.script('a', reports(messages, waitsForRelease()));
    await kernel.submit(graphInput([taskInput()]));
    await kernel.clock.advance(20);
    const live = (await kernel.scheduler.get('a')).runtime?.progress?.map(({ message }) => message);
    expect(live).toEqual(messages.slice(30));
    expect((await kernel.stored('a'))?.runtime?.progress).toBeUndefined();
    kernel.executor.release('a');
    const kept = (await kernel.end('a')).runtime?.progress?.map(({ message }) => message);
    expect(kept).toEqual(messages.slice(30));
  });

  it('progress of an attempt that is retried is gone with it', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', reports(['first'], fails()), reports(['second']));
    const task = (await kernel.run(graphInput([taskInput({ retry: 1 })]))).get('a');
    expect(task?.runtime?.progress?.map(({ message }) => message)).toEqual(['second']);
  });

  it('a note whose data cannot be kept says so, and does not fail the attempt', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', async ({ run }) => {
      run.progress('big', { n: 1n });
      return 'done';
    });
    const task = (await kernel.run(graphInput([taskInput()]))).get('a');
    expect(task?.status).toBe('success');
    expect(task?.runtime?.progress?.[0]).toMatchObject({ message: 'big', data: { omitted: expect.any(String) } });
  });

  it('output is heard at once, in order, as a copy', async () => {
    const kernel = await startKernel();
    const controller = new AbortController();
    const heard: (TaskEvent | LiveReport)[] = [];
    const listening = (async () => {
      for await (const item of kernel.scheduler.watch({ live: true, signal: controller.signal })) heard.push(item);
    })();
    await kernel.clock.settle();
    kernel.executor.script('a', async (attempt) => {
      const chunk = new Uint8Array([104, 105]);
      await attempt.run.output('stdout', chunk);
      chunk.fill(0);
      await attempt.run.output('stderr', chunk);
      return waitsForRelease()(attempt);
    });
    await kernel.submit(graphInput([taskInput()]));
    const output = heard.filter((item) => item.type === 'task_output');
    expect(output).toMatchObject([
      { task_id: 'a', attempt: 1, stream: 'stdout', chunk: new Uint8Array([104, 105]) },
      { task_id: 'a', attempt: 1, stream: 'stderr', chunk: new Uint8Array([0, 0]) },
    ]);
    kernel.executor.release('a');
    await kernel.end('a');
    controller.abort();
    await listening;
  });
});

describe('an executor that breaks its promise', () => {
  const broken = (execute: () => unknown) =>
    Object.assign(new FakeExecutor({ category: 'mcp' }), { execute }) as unknown as Executor;

  it('throws before it returns one: the attempt fails, the kernel goes on', async () => {
    const others = [
      broken(() => {
        throw new TypeError('bug');
      }),
    ];
    const kernel = await startKernel({ others });
    const tasks = await kernel.run(graphInput([taskInput({ type: 'mcp', tool_name: 'x' }), taskInput({ id: 'b' })]));
    expect(errorOf(tasks.get('a'))).toEqual({ code: 'internal', message: 'bug' });
    expect(tasks.get('b')?.status).toBe('success');
  });

  it('returns something else: that is the result, the kernel goes on', async () => {
    const kernel = await startKernel({ others: [broken(() => 5)] });
    const tasks = await kernel.run(graphInput([taskInput({ type: 'mcp', tool_name: 'x' }), taskInput({ id: 'b' })]));
    expect(tasks.get('a')).toMatchObject({ status: 'success', result: 5 });
    expect(tasks.get('b')?.status).toBe('success');
  });
});

describe('a runner', () => {
  it('takes the place of the executors, which check nonetheless', async () => {
    const ran: string[] = [];
    const kernel = await startKernel({
      runner: {
        run: async (task) => {
          ran.push(task.id);
          return 'elsewhere';
        },
      },
    });
    const tasks = await kernel.run(graphInput({ a: [], b: ['a'] }));
    expect(ran).toEqual(['a', 'b']);
    expect(tasks.get('b')?.result).toBe('elsewhere');
    expect(kernel.executor.record).toEqual([]);
  });
});

describe('what an executor tells about an attempt stays with the task as runtime.details', () => {
  it('after a success: the last call counts', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', async ({ run }) => {
      run.details({ pid: 1 });
      run.details({ pid: 2, sandbox: 'none' });
      return 'done';
    });
    const tasks = await kernel.run(graphInput({ a: [] }));
    expect(tasks.get('a')).toMatchObject({ result: 'done', runtime: { details: { pid: 2, sandbox: 'none' } } });
  });

  it('after a failure, unless the error brings details of its own', async () => {
    const kernel = await startKernel();
    const told = (details?: unknown) =>
      new ExecGoError('exit_nonzero', 'no', details === undefined ? {} : { details: { details } });
    kernel.executor.script('a', async ({ run }) => {
      run.details({ pid: 1 });
      throw told();
    });
    kernel.executor.script('b', async ({ run }) => {
      run.details({ pid: 1 });
      throw told({ pid: 2 });
    });
    const tasks = await kernel.run(graphInput({ a: [], b: [] }));
    expect(tasks.get('a')?.runtime?.details).toEqual({ pid: 1 });
    expect(tasks.get('b')?.runtime?.details).toEqual({ pid: 2 });
  });

  it('what cannot be stored is marked as omitted, and the success stays', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', async ({ run }) => run.details({ big: 1n }));
    const tasks = await kernel.run(graphInput({ a: [] }));
    expect(tasks.get('a')).toMatchObject({ status: 'success', runtime: { details: { omitted: expect.any(String) } } });
  });
});
