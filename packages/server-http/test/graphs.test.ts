import { FakeExecutor, graphInput, hangs, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { send, startKernel, testApp } from './support/test-server.js';

async function realApp(executor: FakeExecutor) {
  const { kernel } = await startKernel({ executor });
  const { app } = testApp(kernel);
  const submit = async (shape: Record<string, readonly string[]>): Promise<string> => {
    const { json } = await send(app, 'POST', '/tasks', { body: graphInput(shape) });
    return `/graphs/${encodeURIComponent(json.graph_id)}`;
  };
  return { app, executor, submit };
}

describe('GET /graphs/{graph_id}', () => {
  it('answers status counts and task ids of one submission', async () => {
    const { app, executor, submit } = await realApp(new FakeExecutor().script('b', hangs()));
    const path = await submit({ a: [], b: ['a'], c: ['b'] });
    await executor.started('b');
    const { status, json } = await send(app, 'GET', path);
    expect(status).toBe(200);
    expect(json).toMatchObject({ task_ids: ['a', 'b', 'c'], done: false, counts: { success: 1 } });
    expect(json.graph_id).toBe(decodeURIComponent(path.slice('/graphs/'.length)));
  });

  it('?wait= until all are terminal', async () => {
    const { app, executor, submit } = await realApp(new FakeExecutor().script('b', waitsForRelease()));
    const path = await submit({ a: [], b: ['a'], c: ['b'] });
    const waiting = send(app, 'GET', `${path}?wait=60000`);
    await executor.started('b');
    executor.release('b');
    expect((await waiting).json).toMatchObject({ counts: { success: 3 }, done: true });
  });

  it('?wait= answers what is when the time is over', async () => {
    const { app, submit } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    const { status, json } = await send(app, 'GET', `${await submit({ a: [] })}?wait=20`);
    expect([status, json.done]).toEqual([200, false]);
  });

  it('is 404 for a graph that is not there', async () => {
    const { app } = await realApp(new FakeExecutor());
    for (const [method, path] of [
      ['GET', '/graphs/none'],
      ['POST', '/graphs/none/cancel'],
    ] as const) {
      const { status, json } = await send(app, method, path);
      expect([status, json.code, json.error]).toEqual([404, 'not_found', 'graph not found: none']);
    }
  });
});

describe('POST /graphs/{graph_id}/cancel', () => {
  it('answers 200 when nothing of it runs any more', async () => {
    const { app, executor, submit } = await realApp(new FakeExecutor({ otherwise: hangs() }));
    const path = await submit({ a: [], b: ['a'], c: [] });
    await Promise.all([executor.started('a'), executor.started('c')]);
    const { status, json } = await send(app, 'POST', `${path}/cancel`, { body: { reason: 'enough' } });
    expect([status, json.done, executor.running]).toEqual([200, true, []]);
    expect((await send(app, 'GET', '/tasks/a')).json.error).toContain('enough');
  });
});
