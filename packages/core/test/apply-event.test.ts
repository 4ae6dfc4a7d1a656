import { EventSequence, failure, spec } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import {
  type AnyStatus,
  applyEvent,
  isExecGoError,
  isLegal,
  MAX_CRASH_RESETS,
  type SingleTaskEvent,
  statusAfter,
  type Task,
} from '../src/index.js';

type Step = (make: EventSequence) => SingleTaskEvent;

const SUBMIT: Step = (make) => make.submitted('a');
const START: Step = (make) => make.started('a');

const EVENTS: Readonly<Record<SingleTaskEvent['type'], Step>> = {
  task_submitted: SUBMIT,
  task_started: START,
  task_accepted: (make) => make.accepted('a', 'h'),
  task_retried: (make) => make.retried('a'),
  task_reset: (make) => make.reset('a'),
  task_succeeded: (make) => make.succeeded('a', 1),
  task_failed: (make) => make.failed('a'),
  task_cancelled: (make) => make.cancelled('a'),
  task_skipped: (make) => make.skipped('a', 'parent'),
  task_deleted: (make) => make.deleted('a'),
};

const WAYS: Readonly<Record<AnyStatus, readonly Step[]>> = {
  absent: [],
  pending: [SUBMIT],
  running: [SUBMIT, START],
  success: [SUBMIT, START, EVENTS.task_succeeded],
  failed: [SUBMIT, EVENTS.task_failed],
  skipped: [SUBMIT, EVENTS.task_skipped],
};

/** The task after these steps, each applied to what came before. */
function taskAfter(...steps: readonly Step[]): { readonly task: Task | undefined; readonly make: EventSequence } {
  const make = new EventSequence();
  let task: Task | undefined;
  for (const step of steps) task = applyEvent(task, step(make));
  return { task, make };
}

describe.each(Object.keys(WAYS) as AnyStatus[])('a task that is %s', (status) => {
  for (const [type, step] of Object.entries(EVENTS) as [SingleTaskEvent['type'], Step][]) {
    if (isLegal(status, type)) {
      it(`takes ${type} and is ${statusAfter(type)} after it`, () => {
        const { task } = taskAfter(...WAYS[status], step);
        expect(task?.status ?? 'absent').toBe(statusAfter(type));
      });
    } else {
      it(`refuses ${type}, naming event, seq, task and status`, () => {
        const { task, make } = taskAfter(...WAYS[status]);
        const event = step(make);
        const message = `event ${type} (seq ${event.seq}) is illegal: task "a" is ${status}`;
        expect(() => applyEvent(task, event)).toThrow(message);
        const details = { seq: event.seq, task_id: 'a', status };
        expect(() => applyEvent(task, event)).toThrow(expect.objectContaining({ code: 'internal', details }));
      });
    }
  }
});

describe('the fold', () => {
  it('never changes the task it is given', () => {
    const { task, make } = taskAfter(SUBMIT, START);
    const before = structuredClone({ ...task });
    applyEvent(task, make.succeeded('a', 1));
    expect({ ...task }).toEqual({ ...task, ...before, spec: task?.spec, runtime: task?.runtime });
    expect(task?.status).toBe('running');
  });

  it('shares one spec object through the whole life of a task', () => {
    const asked = spec({ id: 'a' });
    const { task } = taskAfter((make) => make.submitted(asked), START, EVENTS.task_succeeded);
    expect(task?.spec).toBe(asked);
  });

  it('keeps created_at and submitted_seq, and moves updated_at and last_seq with every event', () => {
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_accepted);
    const startMs = Date.UTC(2026, 0, 1);
    expect(task).toMatchObject({ created_at: startMs, updated_at: startMs + 2, submitted_seq: 1, last_seq: 3 });
  });

  it('a task that did not start has no runtime', () => {
    expect(taskAfter(SUBMIT).task?.runtime).toBeUndefined();
    expect(taskAfter(SUBMIT).task?.run_status).toBeUndefined();
  });

  it('a started task is running, with its attempt and start', () => {
    const { task } = taskAfter(SUBMIT, (make) => make.started('a', 3));
    expect(task?.runtime).toMatchObject({ status: 'running', attempt: 3, started_at: task?.updated_at });
    expect(task?.runtime?.finished_at).toBeUndefined();
  });

  it('an accepted task has its handle, keeps attempt and start, and stays running', () => {
    const { task } = taskAfter(SUBMIT, (make) => make.started('a', 2), EVENTS.task_accepted);
    expect(task).toMatchObject({ status: 'running', run_status: 'accepted', handle_id: 'h' });
    expect(task?.runtime).toMatchObject({ attempt: 2, started_at: (task?.updated_at ?? 0) - 1 });
  });

  it('a succeeded task has its result, and no error', () => {
    const { task } = taskAfter(SUBMIT, START, (make) => make.succeeded('a', { n: 1 }));
    expect(task).toMatchObject({ status: 'success', run_status: 'success', result: { n: 1 } });
    expect(task?.error).toBeUndefined();
    expect(task?.runtime).toMatchObject({ finished_at: task?.updated_at, error: undefined });
  });

  it('a failed task keeps the output of its attempt beside the error', () => {
    const error = { ...failure('exit_nonzero', 'command failed: exit status 2'), retryable: true };
    const { task } = taskAfter(SUBMIT, START, (make) => make.failed('a', error, { stdout: 'x' }));
    expect(task).toMatchObject({
      status: 'failed',
      run_status: 'failed',
      error: error.message,
      result: { stdout: 'x' },
    });
    expect(task?.runtime?.error).toEqual(error);
  });

  it('a cancelled task has status failed, run_status cancelled and code cancelled', () => {
    const { task } = taskAfter(SUBMIT, START, (make) => make.cancelled('a', failure('cancelled', 'stop')));
    expect(task).toMatchObject({ status: 'failed', run_status: 'cancelled', error: 'stop' });
    expect(task?.runtime?.error?.code).toBe('cancelled');
  });

  it('a task cancelled or failed before it started has a runtime without start', () => {
    for (const event of [EVENTS.task_cancelled, EVENTS.task_failed]) {
      const { task } = taskAfter(SUBMIT, event);
      expect(task?.runtime).toMatchObject({ attempt: 0, started_at: undefined, finished_at: task?.updated_at });
    }
  });

  it.each([
    ['failed', 'dependency parent failed'],
    ['skipped', 'dependency parent skipped'],
  ] as const)('a task skipped because its dependency %s says so, without runtime and run_status', (because, error) => {
    const { task } = taskAfter(SUBMIT, (make) => make.skipped('a', 'parent', because));
    expect(task).toMatchObject({ status: 'skipped', error, runtime: undefined, run_status: undefined });
  });

  it('a task waiting for its next attempt is pending and retrying, with error, output and not_before', () => {
    const retry: Step = (make) =>
      make.next({
        type: 'task_retried',
        task_id: 'a',
        attempt: 1,
        error: failure('timeout'),
        result: 'half',
        not_before: 7,
      });
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_accepted, retry);
    expect(task).toMatchObject({ status: 'pending', run_status: 'retrying', error: 'failed: timeout', result: 'half' });
    expect(task?.runtime).toMatchObject({ attempt: 1, not_before: 7, error: failure('timeout') });
    expect(task?.handle_id).toBeUndefined();
  });

  it('the next attempt starts clean: no error, no output, no not_before', () => {
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_retried, (make) => make.started('a', 2));
    expect(task).toMatchObject({ status: 'running', error: undefined, result: undefined });
    expect(task?.runtime).toMatchObject({ attempt: 2, not_before: undefined, error: undefined });
  });

  it('a reset consumes no retry: the attempt is counted back, and its handle stays for re-attaching', () => {
    const { task } = taskAfter(SUBMIT, (make) => make.started('a', 2), EVENTS.task_accepted, EVENTS.task_reset);
    expect(task).toMatchObject({ status: 'pending', run_status: 'retrying', handle_id: 'h' });
    expect(task?.runtime?.attempt).toBe(1);
  });

  it('a task started again after a reset still has its handle', () => {
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_accepted, EVENTS.task_reset, START);
    expect(task).toMatchObject({ status: 'running', run_status: 'running', handle_id: 'h' });
  });

  it('counts crashes in a row: a stop between them neither counts nor ends the row', () => {
    const crash: Step = (make) => make.reset('a', 'crash');
    const stop: Step = (make) => make.reset('a', 'shutdown');
    const { task } = taskAfter(SUBMIT, START, crash, START, stop, START, crash);
    expect(task?.runtime?.crash_resets).toBe(2);
    expect(MAX_CRASH_RESETS).toBe(3);
  });

  it('an attempt that ended begins the count of crashes anew', () => {
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_reset, START, EVENTS.task_retried);
    expect(task?.runtime?.crash_resets).toBe(0);
  });

  it('a null result is an absent one', () => {
    for (const end of ['succeeded', 'failed'] as const) {
      const step: Step = (make) =>
        end === 'succeeded' ? make.succeeded('a', null) : make.failed('a', failure('internal'), null);
      expect(taskAfter(SUBMIT, START, step).task?.result).toBeUndefined();
    }
  });

  it('a task submitted again is a new one', () => {
    const { task } = taskAfter(SUBMIT, START, EVENTS.task_accepted, EVENTS.task_failed, (make) => {
      make.graphId = 'another';
      return make.submitted(spec({ id: 'a', input: 2 }));
    });
    expect(task).toMatchObject({ status: 'pending', graph_id: 'another', submitted_seq: 5, runtime: undefined });
    expect(task?.created_at).toBe(task?.updated_at);
  });

  it('a deleted task is absent', () => {
    expect(taskAfter(SUBMIT, EVENTS.task_failed, EVENTS.task_deleted).task).toBeUndefined();
  });

  it('errors of the fold are recognised as such', () => {
    let caught: unknown;
    try {
      applyEvent(undefined, new EventSequence().started('a'));
    } catch (error) {
      caught = error;
    }
    expect(isExecGoError(caught, 'internal')).toBe(true);
  });
});
