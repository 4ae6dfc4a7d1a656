import { expect, it } from 'vitest';
import { spec } from '../build-task.js';
import { EventSequence, failure, foldEvents } from '../event-sequence.js';
import { itWith, type StoreSuiteOptions, useStore } from './fixture.js';

export function taskStates(options: StoreSuiteOptions): void {
  const under = useStore(options);

  /** Appends each event alone, checks the task after each against the fold, and again after a reopen where there is one. */
  const follow = async (...names: readonly string[]) => {
    const make = new EventSequence();
    const log = [make.graph(), make.submitted('a')];
    for (const name of names) log.push(eventNamed(make, name));
    for (const event of log) await under.append(event);
    const expected = foldEvents(log).get('a');
    expect(await under.get('a')).toEqual(expected);
    if (options.skip?.reopen === undefined) await under.reopen();
    expect(await under.get('a')).toEqual(expected);
    return expected;
  };

  it('a submitted task is pending, with the whole spec that was asked for', async () => {
    const make = new EventSequence({ startMs: 1_767_225_600_123 });
    const asked = spec({
      id: 'a',
      type: 'mcp',
      tool_name: 'server.tool',
      params: { p: [1, 'two', null, false] },
      input: 'text',
      execution_category: 'mcp',
      depends_on: ['x', 'y'],
      retry: 3,
      timeout: 1_500,
      annotations: { key: 'value', empty: '' },
      priority: -7,
      on_interrupt: 'fail',
    });
    await under.append(make.graph('graph-1'), make.submitted(asked));
    const check = async () => {
      const task = await under.get('a');
      expect(task?.spec).toEqual(asked);
      expect(task).toMatchObject({ status: 'pending', graph_id: 'graph-1', submitted_seq: 2, last_seq: 2 });
      expect([task?.created_at, task?.updated_at]).toEqual([1_767_225_600_124, 1_767_225_600_124]);
    };
    await check();
    if (options.skip?.reopen === undefined) await under.reopen();
    await check();
  });

  it.each([
    ['running', ['start']],
    ['running', ['start', 'accept']],
    ['pending', ['start', 'retry']],
    ['pending', ['start', 'crash']],
    ['pending', ['start', 'accept', 'stop']],
    ['pending', ['start', 'crash', 'start', 'crash']],
    ['success', ['start', 'succeed']],
    ['success', ['start', 'retry', 'start', 'accept', 'succeed']],
    ['failed', ['fail']],
    ['failed', ['start', 'fail']],
    ['failed', ['cancel']],
    ['failed', ['start', 'cancel']],
    ['skipped', ['skip']],
    ['pending', ['fail', 'submit']],
    ['running', ['start', 'succeed', 'submit', 'start']],
    ['pending', ['skip', 'delete', 'submit']],
  ])('is %s after %j', async (status, names) => {
    expect((await follow(...names))?.status).toBe(status);
  });

  it('a deleted task is absent, also after a reopen', async () => {
    expect(await follow('start', 'succeed', 'delete')).toBeUndefined();
    expect(await under.list()).toEqual([]);
  });

  it('a replaced task begins anew: nothing of the old one is left, and it is the newest', async () => {
    const make = new EventSequence();
    await under.append(make.graph('one'), make.submitted(spec({ id: 'a', input: 1 })), make.submitted('b'));
    await under.append(make.started('a'), make.accepted('a', 'h'), make.failed('a', failure(), 'output'));
    await under.append(make.graph('two'), make.submitted(spec({ id: 'a', input: 2 })));
    const check = async () => {
      const task = await under.get('a');
      expect(task).toMatchObject({ status: 'pending', graph_id: 'two', submitted_seq: 8 });
      expect([task?.spec.input, task?.error, task?.runtime]).toEqual([2, undefined, undefined]);
      expect((await under.list()).map(({ id }) => id)).toEqual(['a', 'b']);
      expect(await under.list({ graph_id: 'one' })).toHaveLength(1);
      expect(await under.list({ handle_id: 'h' })).toEqual([]);
    };
    await check();
    if (options.skip?.reopen === undefined) await under.reopen();
    await check();
  });

  itWith(options, 'reopen')('the kernel finds its own marks again: attempt, not_before, crashes in a row', async () => {
    const waiting = await follow('start', 'retry');
    expect((await under.get('a'))?.runtime).toMatchObject({ attempt: 1, not_before: waiting?.runtime?.not_before });
    const make = new EventSequence({ firstSeq: under.opened.lastSeq + 1 });
    await under.append(make.started('a', 2), make.reset('a', 'crash'), make.started('a', 2), make.reset('a', 'crash'));
    await under.reopen();
    expect((await under.get('a'))?.runtime).toMatchObject({ attempt: 1, crash_resets: 2 });
  });

  it('getMany answers in the order asked, undefined for what is absent, repeats included', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'), make.submitted('b'));
    const found = await under.store.getMany(['b', 'absent', 'a', 'b']);
    expect(found.map((task) => task?.id)).toEqual(['b', undefined, 'a', 'b']);
    expect(await under.store.getMany([])).toEqual([]);
  });

  it('getMany takes ten thousand ids at once', async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: 10_000 }, (_, at) => `task-${at}`);
    await under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    const found = await under.store.getMany([...ids].reverse());
    expect(found.map((task) => task?.id)).toEqual([...ids].reverse());
  });
}

function eventNamed(make: EventSequence, name: string) {
  switch (name) {
    case 'submit':
      return make.submitted('a');
    case 'start':
      return make.started('a');
    case 'accept':
      return make.accepted('a', 'handle-1');
    case 'retry':
      return make.retried('a', 1, {
        ...failure('timeout', 'too slow'),
        retryable: true,
        source: 'os',
        details: { ms: 5 },
      });
    case 'crash':
      return make.reset('a', 'crash');
    case 'stop':
      return make.reset('a', 'shutdown');
    case 'succeed': {
      const progress = [{ timestamp: 1_767_225_600_000, message: 'half', data: { percent: 50 } }];
      return make.next({
        type: 'task_succeeded',
        task_id: 'a',
        result: { ok: [true] },
        details: { exit: 0 },
        progress,
      });
    }
    case 'fail':
      return make.failed('a', failure('exit_nonzero', 'exit status 2'), { stdout: 'kept' });
    case 'cancel':
      return make.cancelled('a');
    case 'skip':
      return make.skipped('a', 'parent', 'skipped');
    default:
      return make.deleted('a');
  }
}
