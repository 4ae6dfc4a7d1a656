import { ExecGoError, isExecGoError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  type Behaviour,
  FakeClock,
  FakeExecutor,
  FakeRun,
  fails,
  hangs,
  ignoresAbort,
  reports,
  spec,
  succeeds,
  takes,
  throwsRaw,
  waitsForRelease,
} from '../src/index.js';

/** One attempt of the task `a` with this behaviour. */
function attempt(behaviour: Behaviour, run = new FakeRun()) {
  const executor = new FakeExecutor().script('a', behaviour);
  return { executor, run, outcome: executor.execute(spec(), run) };
}

describe('behaviours', () => {
  it('succeeds with its value, without asking for the signal', async () => {
    const { outcome, run } = attempt(succeeds({ n: 1 }));
    expect(await outcome).toEqual({ n: 1 });
    expect(run.signalTouched).toBe(false);
  });

  it('fails with its code', async () => {
    const error = await attempt(fails('exit_nonzero', 'no')).outcome.catch((reason: unknown) => reason);
    expect(isExecGoError(error, 'exit_nonzero')).toBe(true);
  });

  it('throws whatever it is told to', async () => {
    await expect(attempt(throwsRaw('just text')).outcome).rejects.toBe('just text');
  });

  it.each([
    ['hangs', hangs()],
    ['waits for its release', waitsForRelease()],
    ['takes a day', takes(new FakeClock(), 86_400_000)],
  ])('%s until it is aborted', async (_, behaviour) => {
    const { outcome, run, executor } = attempt(behaviour);
    expect(executor.running).toEqual(['a']);
    run.abort(new ExecGoError('timeout', 'too slow'));
    await expect(outcome).rejects.toThrow('too slow');
    expect(executor.running).toEqual([]);
  });

  it('ends at once when it begins aborted', async () => {
    const run = new FakeRun();
    run.abort();
    await expect(attempt(hangs(), run).outcome).rejects.toThrow('cancelled by the test');
  });

  it('ignores an abort until it is released', async () => {
    const { outcome, run, executor } = attempt(ignoresAbort());
    run.abort();
    await new FakeClock().settle();
    expect(executor.running).toEqual(['a']);
    executor.release('a', 'late');
    expect(await outcome).toBe('late');
  });

  it('is released with a value or with an error', async () => {
    const first = attempt(waitsForRelease());
    first.executor.release('a', 7);
    expect(await first.outcome).toBe(7);
    const second = attempt(waitsForRelease());
    second.executor.release('a', new ExecGoError('denied', 'no'));
    await expect(second.outcome).rejects.toThrow('no');
  });

  it('takes its time on the clock', async () => {
    const clock = new FakeClock();
    const { outcome, executor } = attempt(takes(clock, 100, succeeds('done')));
    await clock.advance(99);
    expect(executor.running).toEqual(['a']);
    await clock.advance(1);
    expect(await outcome).toBe('done');
    expect(clock.pendingTimers).toBe(0);
  });

  it('accepts a handle and reports progress before it goes on', async () => {
    const { outcome, run } = attempt(accepts('h1', reports(['half', 'whole'], succeeds(1))));
    expect(await outcome).toBe(1);
    expect(run.accepted).toEqual(['h1']);
    expect(run.notes).toEqual([{ message: 'half' }, { message: 'whole' }]);
  });
});

describe('scripts', () => {
  it('give each attempt its behaviour, the last one serving all that follow', async () => {
    const executor = new FakeExecutor().script('a', fails(), succeeds(1), succeeds(2));
    const outcomes: unknown[] = [];
    for (const number of [1, 2, 3, 4]) {
      const run = new FakeRun({ attempt: number });
      outcomes.push(await executor.execute(spec(), run).catch((error: ExecGoError) => error.code));
    }
    expect(outcomes).toEqual(['external_failure', 1, 2, 2]);
  });

  it('leave other tasks to what is done otherwise', async () => {
    const executor = new FakeExecutor({ otherwise: succeeds('otherwise') }).script('a', fails());
    expect(await executor.execute(spec({ id: 'b' }), new FakeRun())).toBe('otherwise');
  });
});

describe('the record', () => {
  it('holds every start and end in order, with how many ran', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const a = executor.execute(spec({ id: 'a' }), new FakeRun());
    const b = executor.execute(spec({ id: 'b' }), new FakeRun({ attempt: 2 }));
    expect(executor.running).toEqual(['a', 'b']);
    executor.release('b', new ExecGoError('internal', 'no'));
    await b.catch(() => undefined);
    executor.release('a');
    await a;
    expect(executor.record).toEqual([
      { kind: 'start', task: 'a', attempt: 1, running: 1 },
      { kind: 'start', task: 'b', attempt: 2, running: 2 },
      { kind: 'failure', task: 'b', attempt: 2, running: 1 },
      { kind: 'success', task: 'a', attempt: 1, running: 0 },
    ]);
    expect([executor.maxRunning, executor.maxRunningOfOneTask]).toEqual([2, 1]);
  });

  it('tells two attempts of one task at once', () => {
    const executor = new FakeExecutor({ otherwise: ignoresAbort() });
    void executor.execute(spec(), new FakeRun());
    void executor.execute(spec(), new FakeRun({ attempt: 2 }));
    expect(executor.maxRunningOfOneTask).toBe(2);
  });

  it('lets a test wait for a start and for rest', async () => {
    const executor = new FakeExecutor({ otherwise: waitsForRelease() });
    const started = executor.started('a', 2);
    const first = executor.execute(spec(), new FakeRun());
    executor.release('a');
    await first;
    const second = executor.execute(spec(), new FakeRun());
    await started;
    const idle = executor.idle();
    executor.release('a', 'second');
    await idle;
    expect(executor.running).toEqual([]);
    expect(await second).toBe('second');
    expect(executor.startsOf('a')).toBe(2);
  });

  it('refuses to release what is not there, or does not wait', async () => {
    const executor = new FakeExecutor().script('a', hangs());
    expect(() => executor.release('a')).toThrow('no attempt of task "a" is under way');
    const run = new FakeRun();
    const outcome = executor.execute(spec(), run);
    expect(() => executor.release('a')).toThrow('does not wait for a release');
    run.abort();
    await expect(outcome).rejects.toThrow();
  });
});
