import { ExecGoError, type TaskInput } from '@execgo/core';
import { FakeExecutor, fails, graphInput, hangs, ODD_IDS, succeeds, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';
import { refusal } from './support/refusal.js';

describe('submit', () => {
  it('answers with how many, their ids in order, the graph and the warnings', async () => {
    const kernel = await startKernel();
    const receipt = await kernel.submit({
      tasks: [{ ...taskInput({ id: 'b' }), colour: 1 } as TaskInput, taskInput({ id: 'a' })],
    });
    expect(receipt).toMatchObject({ accepted: 2, task_ids: ['b', 'a'] });
    expect(receipt.graph_id).toMatch(/./);
    expect(receipt.warnings).toHaveLength(1);
    expect(receipt.warnings[0]).toContain('colour');
  });

  it('runs a graph in the order of its dependencies', async () => {
    const kernel = await startKernel();
    await kernel.run(graphInput({ join: ['left', 'right'], right: ['root'], root: [], left: ['root', 'root'] }));
    const ends = kernel.executor.record.filter(({ kind }) => kind === 'start').map(({ task }) => task);
    expect(ends[0]).toBe('root');
    expect(ends.slice(1, 3).sort()).toEqual(['left', 'right']);
    expect(ends[3]).toBe('join');
  });

  it('legacy types are run by the os executor as the tool of that name', async () => {
    const kernel = await startKernel();
    const tasks = await kernel.run(graphInput([{ id: 'a', type: 'shell', params: { command: 'date' } }]));
    expect(tasks.get('a')?.spec).toMatchObject({ type: 'os', tool_name: 'shell', input: { command: 'date' } });
  });

  it.each<[string, unknown, string]>([
    ['no tasks', { tasks: [] }, 'task graph is empty'],
    ['no id', { tasks: [{ type: 'os' }] }, 'task id is required'],
    ['no type', { tasks: [{ id: 'a' }] }, 'task "a": type is required'],
    ['one id twice', { tasks: [taskInput(), taskInput()] }, 'duplicate task id: "a"'],
    ['an unknown dependency', { tasks: [taskInput({ depends_on: ['x'] })] }, 'task "a" depends on unknown task "x"'],
    ['itself as dependency', { tasks: [taskInput({ depends_on: ['a'] })] }, 'task "a" cannot depend on itself'],
    [
      'a cycle',
      { tasks: [taskInput({ id: 'a', depends_on: ['b'] }), taskInput({ id: 'b', depends_on: ['a'] })] },
      'cycle detected in task graph',
    ],
    ['an unknown type', { tasks: [taskInput({ type: 'vm' })] }, 'unknown task type: vm (available: mcp, os)'],
    ['what is no graph', 7, 'invalid JSON'],
    ['a field of the wrong type', { tasks: [{ ...taskInput(), retry: 'x' }] }, 'invalid JSON: tasks[0].retry'],
    [
      'input its executor refuses',
      { tasks: [taskInput(), taskInput({ id: 'b', input: 5 })] },
      'input: expected an object',
    ],
  ])('refuses a graph with %s, and leaves nothing behind', async (_, graph, message) => {
    const kernel = await startKernel({ others: [new FakeExecutor({ category: 'mcp' })] });
    const error = await refusal(kernel.scheduler.submit(graph as Parameters<typeof kernel.submit>[0]));
    expect(error.code).toBe('invalid_input');
    expect(error.message).toContain(message);
    await kernel.clock.advance(100);
    expect(kernel.store.appends).toEqual([]);
    expect(kernel.scheduler.stats()).toMatchObject({ submitted: 0, unfinished: 0 });
    await kernel.run(graphInput({ a: [], b: [] }));
  });

  it('passes on what the check of an executor says, and checks every task before anything is stored', async () => {
    const executor = new FakeExecutor({
      check: async (task) => {
        if (task.id === 'bad') throw new ExecGoError('denied', 'not on the list');
      },
    });
    const kernel = await startKernel({ executor });
    expect(await refusal(kernel.submit(graphInput({ good: [], bad: [] })))).toMatchObject({ code: 'denied' });
    expect(kernel.store.appends).toEqual([]);
  });

  it('refuses more tasks than one graph may have', async () => {
    const kernel = await startKernel({ maxTasksPerGraph: 2 });
    expect(await refusal(kernel.submit(graphInput({ a: [], b: [], c: [] })))).toMatchObject({ code: 'too_large' });
    await kernel.submit(graphInput({ a: [], b: [] }));
  });

  it('refuses to go beyond max-pending, and takes more as soon as there is room', async () => {
    const kernel = await startKernel({ maxPending: 3 });
    kernel.executor.script('b', waitsForRelease());
    await kernel.submit(graphInput({ b: [], c: ['b'] }));
    const error = await refusal(kernel.submit(graphInput({ x: [], y: [] })));
    expect(error).toMatchObject({ code: 'resource_exhausted', retryable: true });
    kernel.executor.release('b');
    await kernel.end('c');
    await kernel.submit(graphInput({ x: [], y: [] }));
  });

  it('refuses while too much is not durable yet, and takes more when it is', async () => {
    const kernel = await startKernel({ maxUncommittedBytes: 1000 });
    kernel.store.hold();
    const first = kernel.scheduler.submit(graphInput([taskInput({ input: { text: 'x'.repeat(2000) } })]));
    await kernel.clock.settle();
    const error = await refusal(kernel.scheduler.submit(graphInput({ b: [] })));
    expect(error).toMatchObject({ code: 'resource_exhausted' });
    await kernel.store.release();
    await first;
    await kernel.submit(graphInput({ b: [] }));
  });

  it.each(ODD_IDS)('takes the id %j for a text like any other', async (id) => {
    const kernel = await startKernel();
    kernel.executor.script(id, fails('denied'));
    const tasks = await kernel.run(graphInput([taskInput({ id }), taskInput({ id: 'the child', depends_on: [id] })]));
    expect(tasks.get(id)).toMatchObject({ id, status: 'failed' });
    expect(tasks.get('the child')).toMatchObject({ status: 'skipped', error: `dependency ${id} failed` });
    await kernel.scheduler.remove(id);
  });
});

describe('resubmission', () => {
  it('a live id is 409, whatever its status, and nothing changes', async () => {
    const kernel = await startKernel();
    kernel.executor.script('running', hangs()).script('retrying', fails(), hangs());
    await kernel.submit(
      graphInput([
        taskInput({ id: 'running' }),
        taskInput({ id: 'pending', depends_on: ['running'] }),
        taskInput({ id: 'retrying', retry: 1 }),
      ]),
    );
    const appends = kernel.store.appends.length;
    for (const id of ['running', 'pending', 'retrying']) {
      const error = await refusal(kernel.scheduler.submit(graphInput({ other: [], [id]: [] })));
      expect(error).toMatchObject({ code: 'conflict', details: { task_id: id } });
    }
    expect(kernel.store.appends).toHaveLength(appends);
    expect(await refusal(kernel.scheduler.get('other'))).toMatchObject({ code: 'not_found' });
  });

  it('an id that is just being submitted is 409: of two racing submissions one wins', async () => {
    const kernel = await startKernel();
    const outcomes = await Promise.allSettled([
      kernel.scheduler.submit(graphInput([taskInput({ input: { from: 1 } })])),
      kernel.scheduler.submit(graphInput([taskInput({ input: { from: 2 } })])),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ code: 'conflict' });
    await kernel.end('a');
    expect(kernel.executor.startsOf('a')).toBe(1);
  });

  it.each([
    ['success', succeeds()],
    ['failed', fails('denied')],
  ] as const)('a task that ended as %s is replaced', async (_, behaviour) => {
    const kernel = await startKernel();
    kernel.executor.script('a', behaviour, succeeds('second'));
    const first = await kernel.run(graphInput({ a: [] }));
    const second = await kernel.run(graphInput([taskInput({ input: { again: true } })]));
    expect(second.get('a')).toMatchObject({ status: 'success', result: 'second', spec: { input: { again: true } } });
    expect(second.get('a')?.graph_id).not.toBe(first.get('a')?.graph_id);
    expect(await refusal(kernel.scheduler.graph(first.get('a')?.graph_id ?? ''))).toMatchObject({ code: 'not_found' });
  });

  it('a skipped task is replaced', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', fails('denied'));
    await kernel.run(graphInput({ a: [], b: ['a'] }));
    expect((await kernel.run(graphInput({ b: [] }))).get('b')?.status).toBe('success');
  });

  it('a finished task that an unfinished one depends on is 409, naming the dependent', async () => {
    const kernel = await startKernel();
    kernel.executor.script('b', waitsForRelease());
    await kernel.submit(graphInput({ a: [], b: ['a'] }));
    expect(await kernel.scheduler.get('a')).toMatchObject({ status: 'success' });
    const error = await refusal(kernel.submit(graphInput({ a: [] })));
    expect(error.code).toBe('conflict');
    expect(error.message).toContain('"b" depends on it');
    kernel.executor.release('b');
    await kernel.end('b');
    await kernel.submit(graphInput({ a: [] }));
  });

  it('a task that has ended, but not durably, is not replaced yet', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', waitsForRelease());
    await kernel.submit(graphInput({ a: [] }));
    kernel.store.hold();
    kernel.executor.release('a');
    await kernel.clock.settle();
    expect(await refusal(kernel.submit(graphInput({ a: [] })))).toMatchObject({ code: 'conflict' });
    await kernel.store.release();
    await kernel.clock.settle();
    await kernel.submit(graphInput({ a: [] }));
  });
});
