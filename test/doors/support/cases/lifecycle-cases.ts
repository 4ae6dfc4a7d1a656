import { expect } from 'vitest';
import { accepted, type DoorCase, listed, refused, SUCCEEDED, shown } from '../door-case.js';
import { graphIdOf, type Visit } from '../visit.js';

const CANCELLED = { status: 'failed', run_status: 'cancelled' } as const;
const RUNNING = { status: 'running', run_status: 'running' } as const;
const WAITS = { type: 'sleep', input: { duration_ms: 60_000 } } as const;
/** Over before anything of `WAITS` is. */
const SHORT_MS = 50;

/** A task that runs until it is cancelled, and one that waits for it. */
async function twoUnfinished({ id, submit, started }: Visit): Promise<string> {
  const outcome = await submit([
    { id: id('runs'), ...WAITS },
    { id: id('waits'), type: 'noop', depends_on: [id('runs')] },
  ]);
  await started('runs');
  return graphIdOf(outcome);
}

/** Three finished tasks of one graph. */
async function threeFinished({ id, submit, wait }: Visit): Promise<string> {
  const outcome = await submit([
    { id: id('a'), type: 'noop', annotations: { [id('team')]: 'red' } },
    {
      id: id('b'),
      type: 'file',
      input: { action: 'read', path: 'missing.txt' },
      annotations: { [id('team')]: 'blue' },
    },
    { id: id('c'), type: 'noop', depends_on: [id('b')] },
  ]);
  for (const name of ['a', 'b', 'c']) await wait(name);
  return graphIdOf(outcome);
}
const THREE_FINISHED = [
  accepted('a', 'b', 'c'),
  shown('a', SUCCEEDED),
  shown('b', { status: 'failed' }),
  shown('c', { status: 'skipped' }),
];

/** What may be done with tasks that are there, and with those that are not. */
export const LIFECYCLE_CASES: readonly DoorCase[] = [
  {
    name: 'an id whose task is not terminal: conflict, and nothing changes',
    run: async (visit) => {
      await twoUnfinished(visit);
      await visit.submit([{ id: visit.id('waits'), type: 'noop', input: { message: 'another' } }]);
      await visit.submit([{ id: visit.id('runs'), type: 'noop' }]);
      await visit.get('waits');
      await visit.cancel('runs');
    },
    expected: [
      accepted('runs', 'waits'),
      refused('conflict', 'task "waits" exists and is not finished (pending)'),
      refused('conflict', 'task "runs" exists and is not finished (running)'),
      shown('waits', { status: 'pending' }),
      shown('runs', CANCELLED),
    ],
  },
  {
    name: 'an id whose stored task is terminal is replaced',
    run: async ({ id, submit, wait }) => {
      for (const message of ['first', 'second']) {
        await submit([{ id: id('a'), type: 'noop', input: { message } }]);
        await wait('a');
      }
    },
    expected: [
      accepted('a'),
      shown('a', { result: { message: 'first' } }),
      accepted('a'),
      shown('a', { result: { message: 'second' } }),
    ],
  },
  {
    name: 'a terminal task on which an unfinished one depends is not replaced',
    run: async ({ id, submit, wait, cancel }) => {
      await submit([
        { id: id('a'), type: 'noop' },
        { id: id('b'), ...WAITS, depends_on: [id('a')] },
      ]);
      await wait('a');
      await submit([{ id: id('a'), type: 'noop' }]);
      await cancel('b');
    },
    expected: [
      accepted('a', 'b'),
      shown('a', SUCCEEDED),
      refused('conflict', 'task "a" cannot be replaced: unfinished task "b" depends on it'),
      shown('b', CANCELLED),
    ],
  },
  {
    name: 'a pending task is cancelled',
    run: async (visit) => {
      await twoUnfinished(visit);
      await visit.cancel('waits');
      await visit.cancel('runs');
    },
    expected: [
      accepted('runs', 'waits'),
      shown('waits', { ...CANCELLED, runtime: { error: { code: 'cancelled' } } }),
      shown('runs', CANCELLED),
    ],
  },
  {
    name: 'a running task is cancelled, with a reason, and what depends on it is skipped; again it is the same',
    run: async (visit) => {
      await twoUnfinished(visit);
      await visit.cancel('runs', 'nö longer "needed"');
      await visit.get('waits');
      await visit.cancel('runs');
    },
    expected: [
      accepted('runs', 'waits'),
      shown('runs', {
        ...CANCELLED,
        error: expect.stringContaining('nö longer "needed"'),
        runtime: { error: { code: 'cancelled' } },
      }),
      shown('waits', { status: 'skipped', error: 'dependency runs failed' }),
      shown('runs', { ...CANCELLED, error: expect.stringContaining('nö longer "needed"') }),
    ],
  },
  {
    name: 'a task that has ended otherwise cannot be cancelled',
    run: async (visit) => {
      await threeFinished(visit);
      for (const name of ['a', 'b', 'c']) await visit.cancel(name);
    },
    expected: [...THREE_FINISHED, ...['a', 'b', 'c'].map((id) => refused('conflict', expect.stringContaining(id)))],
  },
  {
    name: 'a reason that is too long',
    run: async ({ cancel }) => void (await cancel('nobody', 'x'.repeat(1001))),
    expected: [refused('invalid_input', expect.stringContaining('1000 characters'))],
  },
  {
    name: 'a finished task is deleted',
    run: async ({ id, submit, wait, remove, get }) => {
      await submit([{ id: id('a'), type: 'noop' }]);
      await wait('a');
      await remove('a');
      await get('a');
      await remove('a');
    },
    expected: [
      accepted('a'),
      shown('a', SUCCEEDED),
      { ok: true },
      refused('not_found', 'task not found: a'),
      refused('not_found', 'task not found: a'),
    ],
  },
  {
    name: 'a running task is cancelled before it is deleted',
    run: async (visit) => {
      await twoUnfinished(visit);
      await visit.remove('runs');
      await visit.get('runs');
      await visit.get('waits');
    },
    expected: [
      accepted('runs', 'waits'),
      { ok: true },
      refused('not_found', 'task not found: runs'),
      shown('waits', { status: 'skipped' }),
    ],
  },
  {
    name: 'a task on which an unfinished one depends is not deleted',
    run: async ({ id, submit, wait, cancel, remove }) => {
      await submit([
        { id: id('a'), type: 'noop' },
        { id: id('b'), ...WAITS, depends_on: [id('a')] },
      ]);
      await wait('a');
      await remove('a');
      await cancel('b');
    },
    expected: [
      accepted('a', 'b'),
      shown('a', SUCCEEDED),
      refused('conflict', expect.stringMatching(/"a".*"b"/)),
      shown('b', CANCELLED),
    ],
  },
  ...(['get', 'wait', 'cancel', 'remove'] as const).map(
    (operation): DoorCase => ({
      name: `${operation} of an id that there is not`,
      run: async (visit) => void (await visit[operation]('nobody')),
      expected: [refused('not_found', 'task not found: nobody')],
    }),
  ),
  {
    name: 'a wait that runs out answers with what is',
    run: async (visit) => {
      await twoUnfinished(visit);
      await visit.wait('runs', SHORT_MS);
      await visit.wait('waits', SHORT_MS);
      await visit.cancel('runs');
    },
    expected: [
      accepted('runs', 'waits'),
      shown('runs', { ...RUNNING, runtime: { status: 'running', attempt: 1 } }),
      shown('waits', { status: 'pending' }),
      shown('runs', CANCELLED),
    ],
  },
  {
    name: 'a list of one graph, newest first',
    run: async (visit) => {
      const graphId = await threeFinished(visit);
      await visit.list({ graphId });
    },
    expected: [...THREE_FINISHED, listed('c', 'b', 'a')],
  },
  {
    name: 'a list by status and by type',
    run: async (visit) => {
      const graphId = await threeFinished(visit);
      await visit.list({ graphId, status: 'failed' });
      await visit.list({ graphId, status: 'skipped' });
      await visit.list({ graphId, type: 'os', status: 'success' });
      await visit.list({ graphId, type: 'mcp' });
    },
    expected: [...THREE_FINISHED, listed('b'), listed('c'), listed('a'), listed()],
  },
  {
    name: 'a list by annotation',
    run: async (visit) => {
      await threeFinished(visit);
      await visit.list({ annotations: { [visit.id('team')]: 'blue' } });
      await visit.list({ annotations: { [visit.id('team')]: 'green' } });
    },
    expected: [...THREE_FINISHED, listed('b'), listed()],
  },
  {
    name: 'a list page by page',
    run: async (visit) => {
      const graphId = await threeFinished(visit);
      const first = await visit.list({ graphId, limit: 2 });
      expect(first).toHaveProperty('next');
      await visit.list({ graphId, limit: 2, cursor: (first as { next: string }).next });
      await visit.list({ graphId, limit: 3 });
    },
    expected: [...THREE_FINISHED, { ...listed('c', 'b'), next: 'somewhere' }, listed('a'), listed('c', 'b', 'a')],
  },
  {
    name: 'a list of a graph that there is not is empty',
    run: async ({ list }) => void (await list({ graphId: 'g0-nobody' })),
    expected: [listed()],
  },
  {
    name: 'a list by a status that there is not',
    run: async ({ list }) => void (await list({ status: 'done' as 'success' })),
    expected: [refused('invalid_input', expect.stringContaining('pending, running, success, failed, skipped'))],
  },
  {
    name: 'a list from a cursor that nobody gave out',
    run: async ({ list }) => void (await list({ limit: 1, cursor: 'nowhere' })),
    expected: [refused('invalid_input', 'cursor: is not one that this server gave out')],
  },
  {
    name: 'a repeat with the same key is answered with the first receipt',
    run: async ({ id, submit, wait, cancel }) => {
      const tasks = [{ id: id('a'), type: 'noop', input: { message: 'x', more: 'y' } }];
      const first = await submit(tasks, id('key'));
      await wait('a');
      const again = await submit(tasks, id('key'));
      expect(graphIdOf(again)).toBe(graphIdOf(first));
      const sameInOtherOrder = [{ type: 'noop', input: { more: 'y', message: 'x' }, id: id('a') }];
      expect(graphIdOf(await submit(sameInOtherOrder, id('key')))).toBe(graphIdOf(first));
      await cancel('a');
    },
    expected: [
      accepted('a'),
      shown('a', SUCCEEDED),
      accepted('a'),
      accepted('a'),
      refused('conflict', expect.anything()),
    ],
  },
  {
    name: 'the same key with another graph',
    run: async ({ id, submit, get }) => {
      await submit([{ id: id('a'), type: 'noop' }], id('key'));
      await submit([{ id: id('b'), type: 'noop' }], id('key'));
      await get('b');
    },
    expected: [
      accepted('a'),
      refused('conflict', 'this Idempotency-Key was used for a different graph'),
      refused('not_found', 'task not found: b'),
    ],
  },
  ...['a b', 'x'.repeat(257)].map(
    (key): DoorCase => ({
      name: `a key that cannot be used: ${key.length > 20 ? 'too long' : key}`,
      run: async ({ id, submit, get }) => {
        await submit([{ id: id('a'), type: 'noop' }], key);
        await get('a');
      },
      expected: [
        refused('invalid_input', expect.stringMatching(/1(–| to )256 visible ASCII characters/)),
        refused('not_found', 'task not found: a'),
      ],
    }),
  ),
  {
    name: 'what one submission came to',
    run: async (visit) => {
      const graphId = await threeFinished(visit);
      await visit.graph(graphId);
    },
    expected: [
      ...THREE_FINISHED,
      { ok: true, graph: { counts: { success: 1, failed: 1, skipped: 1 }, task_ids: ['a', 'b', 'c'], done: true } },
    ],
  },
  {
    name: 'a submission that is not over when the wait is, and is cancelled',
    run: async (visit) => {
      const graphId = await twoUnfinished(visit);
      await visit.graph(graphId, SHORT_MS);
      await visit.cancelGraph(graphId, 'enough');
      await visit.get('runs');
      await visit.get('waits');
    },
    expected: [
      accepted('runs', 'waits'),
      { ok: true, graph: { counts: { running: 1, pending: 1 }, done: false } },
      { ok: true, graph: { done: true } },
      shown('runs', { ...CANCELLED, error: expect.stringContaining('enough') }),
      shown('waits', {}),
    ],
  },
  {
    name: 'a submission that there is not',
    run: async ({ graph, cancelGraph }) => {
      await graph('g0-nobody', SHORT_MS);
      await cancelGraph('g0-nobody');
    },
    expected: [refused('not_found', expect.stringContaining('g0-nobody')), refused('not_found', expect.anything())],
  },
];
