import type { Executor, Tool } from '@execgo/core';
import {
  accepts,
  FakeExecutor,
  fails,
  graphInput,
  hangs,
  reports,
  succeeds,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { send, startKernel, testApp } from './support/test-server.js';

const ADD: Tool = {
  name: 'calc.add',
  description: 'Adds two numbers',
  input_schema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  annotations: { read_only: true, idempotent: true },
};
const BARE: Tool = { name: 'calc.bare', description: '', input_schema: { type: 'object' } };

async function realApp(executor = new FakeExecutor({ category: 'mcp', tools: [ADD, BARE] }), others: Executor[] = []) {
  const { kernel } = await startKernel({ executor, others });
  return { ...testApp(kernel), executor, kernel };
}

describe('GET /mcp/tools', () => {
  it('answers the tools of category mcp alone, with name, category, description, input_schema and metadata', async () => {
    const { app } = await realApp(undefined, [new FakeExecutor({ category: 'os' })]);
    const { status, json } = await send(app, 'GET', '/mcp/tools');
    expect(status).toBe(200);
    expect(json).toEqual({
      tools: [
        {
          name: 'calc.add',
          category: 'mcp',
          description: 'Adds two numbers',
          input_schema: ADD.input_schema,
          metadata: { annotations: { read_only: true, idempotent: true } },
        },
        { name: 'calc.bare', category: 'mcp', input_schema: { type: 'object' } },
      ],
    });
  });

  it('answers an empty list where no server is configured', async () => {
    const { app } = await realApp(new FakeExecutor());
    expect((await send(app, 'GET', '/mcp/tools')).json).toEqual({ tools: [] });
  });
});

describe('POST /mcp/call', () => {
  it('answers 202 and a handle, and the call outlives the request', async () => {
    const { app, executor, kernel } = await realApp();
    executor.script('c1', waitsForRelease());
    const { status, json } = await send(app, 'POST', '/mcp/call', {
      body: { id: 'c1', tool_name: 'calc.add', input: { a: 1, b: 2 } },
    });
    expect(status).toBe(202);
    expect(json).toMatchObject({ task_id: 'c1', handle_id: 'c1' });
    expect(['accepted', 'running']).toContain(json.status);
    await executor.started('c1');
    executor.release('c1', { text: '3' });
    const task = await kernel.wait('c1');
    expect(task).toMatchObject({
      status: 'success',
      spec: { type: 'mcp', tool_name: 'calc.add', input: { a: 1, b: 2 } },
    });
  });

  it('makes an id where none is given', async () => {
    const { app, kernel } = await realApp();
    const [one, two] = [await call(app, { tool_name: 'calc.add' }), await call(app, { tool_name: 'calc.add' })];
    expect(one.json.task_id).toMatch(/^mcp-/);
    expect(one.json.task_id).not.toBe(two.json.task_id);
    expect((await kernel.wait(one.json.handle_id)).status).toBe('success');
  });

  it('honours timeout', async () => {
    const { app, executor } = await realApp();
    executor.script('slow', hangs());
    await call(app, { id: 'slow', tool_name: 'calc.add', timeout: 30 });
    const { json } = await send(app, 'GET', '/mcp/tasks/slow?wait=10000');
    expect(json).toMatchObject({ status: 'failed', error: { code: 'timeout' }, attempt: 1 });
  });

  it('with an Idempotency-Key, a repeat answers the same handle and calls nothing again', async () => {
    const { app, executor, kernel } = await realApp();
    const headers = { 'idempotency-key': 'k-1' };
    const body = { tool_name: 'calc.add', input: { a: 1 } };
    const first = await send(app, 'POST', '/mcp/call', { body, headers });
    await kernel.wait(first.json.task_id);
    const again = await send(app, 'POST', '/mcp/call', { body, headers });
    expect([again.status, again.json.handle_id]).toEqual([202, first.json.handle_id]);
    expect(executor.record.filter(({ kind }) => kind === 'start')).toHaveLength(1);
    const other = await send(app, 'POST', '/mcp/call', { body: { tool_name: 'calc.bare' }, headers });
    expect(other.status).toBe(409);
  });

  it('with an Idempotency-Key, a repeat answers the first receipt also after a deletion', async () => {
    const { app, executor, kernel } = await realApp();
    const headers = { 'idempotency-key': 'k-1' };
    const body = { tool_name: 'calc.add', input: { a: 1 } };
    const { task_id: id } = (await send(app, 'POST', '/mcp/call', { body, headers })).json;
    await kernel.wait(id);
    await kernel.remove(id);
    const again = await send(app, 'POST', '/mcp/call', { body, headers });
    expect([again.status, again.json]).toEqual([202, { task_id: id, status: 'accepted', handle_id: id }]);
    expect(executor.record.filter(({ kind }) => kind === 'start')).toHaveLength(1);
    expect((await send(app, 'GET', `/mcp/tasks/${id}`)).status).toBe(404);
  });

  it('is 409 for the id of a call under way', async () => {
    const { app, executor } = await realApp();
    executor.script('c1', hangs());
    await call(app, { id: 'c1', tool_name: 'calc.add' });
    expect((await call(app, { id: 'c1', tool_name: 'calc.add' })).status).toBe(409);
  });

  it.each([
    [[], 'invalid JSON: the body: expected an object'],
    [{}, 'tool_name is required'],
    [{ tool_name: '' }, 'tool_name is required'],
    [{ tool_name: 5 }, 'invalid JSON: tool_name: expected a string'],
    [{ tool_name: 'calc.add', id: 7 }, 'invalid JSON: id: expected a string'],
    [{ tool_name: 'calc.add', timeout: '5s' }, 'invalid JSON: timeout: expected an integer'],
    [{ tool_name: 'calc.add', timeout: 1.5 }, 'invalid JSON: timeout: expected an integer'],
  ])('refuses %j', async (body, error) => {
    const { app, kernel } = await realApp();
    const { status, json } = await call(app, body);
    expect([status, json.code, json.error]).toEqual([400, 'invalid_input', error]);
    expect((await kernel.list({})).tasks).toEqual([]);
  });

  it('is 400 where there are no MCP tools', async () => {
    const { app } = await realApp(new FakeExecutor());
    const { status, json } = await call(app, { tool_name: 'calc.add' });
    expect([status, json.error]).toEqual([400, expect.stringContaining('unknown task type: mcp')]);
  });
});

describe('GET /mcp/tasks/{handle}', () => {
  it('answers a finished call with output, times, duration and attempt', async () => {
    const { app, executor } = await realApp();
    executor.script('c1', reports(['half way'], succeeds({ text: '3' })));
    await call(app, { id: 'c1', tool_name: 'calc.add' });
    const { status, json } = await send(app, 'GET', '/mcp/tasks/c1?wait=10000');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      task_id: 'c1',
      status: 'success',
      handle_id: 'c1',
      output: { text: '3' },
      progress: [{ message: 'half way' }],
      started_at: expect.stringMatching(/Z$/),
      finished_at: expect.stringMatching(/Z$/),
      attempt: 1,
    });
    expect(json).not.toHaveProperty('result');
  });

  it('knows handles of tasks of type mcp too, by their handle_id', async () => {
    const { app, executor, kernel } = await realApp();
    executor.script('a', accepts('remote-7', succeeds('done')));
    await kernel.submit(graphInput([taskInput({ type: 'mcp', tool_name: 'calc.add' })]));
    await kernel.wait('a');
    const { json } = await send(app, 'GET', '/mcp/tasks/remote-7');
    expect(json).toMatchObject({ task_id: 'a', handle_id: 'remote-7', status: 'success', output: 'done' });
  });

  it('tells an error with its code', async () => {
    const { app, executor } = await realApp();
    executor.script('c1', fails('external_failure'));
    await call(app, { id: 'c1', tool_name: 'calc.add' });
    const { json } = await send(app, 'GET', '/mcp/tasks/c1?wait=10000');
    expect(json).toMatchObject({ status: 'failed', error: { code: 'external_failure' } });
  });

  it('is 404 for what is no handle: handle not found', async () => {
    const { app, kernel } = await realApp(new FakeExecutor());
    await kernel.submit(graphInput({ plain: [] }));
    for (const handle of ['none', 'plain']) {
      const { status, json } = await send(app, 'GET', `/mcp/tasks/${handle}`);
      expect([status, json.code, json.error]).toEqual([404, 'not_found', `handle not found: ${handle}`]);
    }
  });
});

function call(app: Parameters<typeof send>[0], body: unknown) {
  return send(app, 'POST', '/mcp/call', { body });
}
