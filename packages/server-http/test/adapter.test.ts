import { createHash } from 'node:crypto';
import { FakeExecutor, hangs } from '@execgo/testkit';
import type { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { send, startKernel, testApp } from './support/test-server.js';

const SHELL = { kind: 'bash', input: { command: 'ls' } };
const ZERO = '0001-01-01T00:00:00Z';

async function realApp(executor = new FakeExecutor()) {
  const { kernel } = await startKernel({ executor });
  return { ...testApp(kernel), kernel, executor };
}

function post(app: Hono, path: string, body: unknown, headers: Record<string, string> = {}) {
  return send(app, 'POST', `/adapters/${path}`, { body, headers });
}

describe('GET /adapters', () => {
  it('capabilities', async () => {
    const { status, json } = await send(testApp(fakeKernel()).app, 'GET', '/adapters/capabilities');
    expect([status, json.schema_version, json.action_kinds.length]).toEqual([200, 'adapter.v1', 12]);
  });

  it('tools: one for each kind; by format every tool of the kernel, in the shape of that API', async () => {
    const { app } = await realApp();
    const { json } = await send(app, 'GET', '/adapters/tools');
    expect(json.tools).toHaveLength(12);
    expect(json.tools[0]).toMatchObject({ name: 'execgo.os.shell', action_kind: 'os.shell', category: 'os' });
    for (const [format, name] of [
      ['openai', 'function'],
      ['anthropic', 'input_schema'],
      ['mcp', 'inputSchema'],
    ] as const) {
      const answer = await send(app, 'GET', `/adapters/tools?format=${format}`);
      expect(answer.json.tools).toHaveLength(2);
      for (const tool of answer.json.tools) expect(tool).toHaveProperty(name);
      expect(Object.keys(answer.json.calls)).toEqual(['os__fake', 'task_graph__submit']);
    }
    const bad = await send(app, 'GET', '/adapters/tools?format=gemini');
    expect([bad.status, bad.json.error]).toEqual([400, 'format: expected one of openai, anthropic, mcp, got "gemini"']);
  });
});

describe('POST /adapters/translate', () => {
  it('answers 200 and accepted 0, and stores nothing', async () => {
    const { app, kernel } = await realApp();
    const { status, json } = await post(app, 'translate', { action_id: 'a', action: SHELL, why: 1 });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      accepted: 0,
      task_ids: ['a'],
      task_graph: { tasks: [{ id: 'a', type: 'os', status: '', created_at: ZERO, updated_at: ZERO }] },
      translation_trace: { normalized_kind: 'os.shell' },
      warnings: ['unknown field "why" is ignored'],
    });
    expect((await kernel.list({})).tasks).toEqual([]);
  });

  it('what it answers can be sent to /tasks as it is', async () => {
    const { app, kernel } = await realApp();
    const { json } = await post(app, 'translate', { action_id: 'a', action: SHELL });
    const { status, json: receipt } = await send(app, 'POST', '/tasks', { body: json.task_graph });
    expect([status, receipt.task_ids, receipt.warnings]).toEqual([202, ['a'], undefined]);
    expect((await kernel.wait('a')).status).toBe('success');
  });

  it('refuses a graph in the words of the kernel', async () => {
    const tasks = [
      { id: 'a', type: 'noop', depends_on: ['b'] },
      { id: 'b', type: 'noop', depends_on: ['a'] },
    ];
    const body = { action: { kind: 'task_graph.submit', input: { tasks } } };
    const { app } = await realApp();
    const translated = await post(app, 'translate', body);
    const acted = await post(app, 'actions', body);
    expect([translated.status, acted.status]).toEqual([400, 400]);
    expect(translated.json.error).toMatch(/^cycle detected in task graph/);
    expect(acted.json.error).toBe(translated.json.error);
  });
});

describe('POST /adapters/actions', () => {
  it('answers 202 with the normalised, stored graph', async () => {
    const { app, kernel, executor } = await realApp();
    executor.script('b', hangs());
    const tasks = [
      { id: 'a', type: 'noop', params: { message: 'hi' } },
      { id: 'b', type: 'shell', params: { command: 'ls' }, depends_on: ['a'] },
    ];
    const { status, json } = await post(app, 'actions', { action: { kind: 'task_graph.submit', input: { tasks } } });
    expect(status).toBe(202);
    expect(json).toMatchObject({
      accepted: 2,
      task_ids: ['a', 'b'],
      task_graph: {
        tasks: [
          { id: 'a', type: 'os', tool_name: 'noop', input: { message: 'hi' }, graph_id: json.graph_id },
          { id: 'b', type: 'os', tool_name: 'shell', depends_on: ['a'], created_at: expect.stringMatching(/^20/) },
        ],
      },
      translation_trace: { schema_version: 'adapter.v1', source_kind: 'task_graph.submit', task_ids: ['a', 'b'] },
    });
    expect((await kernel.get('a')).graph_id).toBe(json.graph_id);
  });

  it('a task carries its provenance', async () => {
    const { app, kernel } = await realApp();
    const { json } = await post(app, 'actions', {
      adapter: 'Codex',
      agent_id: 'me',
      action: SHELL,
      metadata: { team: 'a' },
    });
    expect(json.task_ids[0]).toMatch(/^adapter-[0-9a-f-]{36}$/);
    expect((await kernel.wait(json.task_ids[0])).spec.annotations).toEqual({
      adapter_schema: 'adapter.v1',
      adapter: 'codex',
      action_kind: 'os.shell',
      agent_id: 'me',
      team: 'a',
    });
  });

  it('Idempotency-Key: a repeat answers the first receipt and runs nothing again, also after a deletion', async () => {
    const { app, kernel, executor } = await realApp();
    const headers = { 'idempotency-key': 'k-1' };
    const first = await post(app, 'actions', { action: SHELL }, headers);
    const id = first.json.task_ids[0];
    expect(id).toBe(`adapter-${createHash('sha256').update('k-1').digest('hex').slice(0, 32)}`);
    await kernel.wait(id);
    const again = await post(app, 'actions', { action: SHELL }, headers);
    expect([again.status, again.json.graph_id, again.json.task_ids]).toEqual([202, first.json.graph_id, [id]]);
    expect(again.json.task_graph.tasks).toMatchObject([{ id, status: 'success' }]);
    await kernel.remove(id);
    const later = await post(app, 'actions', { action: SHELL }, headers);
    expect([later.status, later.json.task_graph.tasks]).toEqual([202, []]);
    expect(executor.startsOf(id)).toBe(1);
    const other = await post(app, 'actions', { action: { kind: 'noop' } }, headers);
    expect(other.status).toBe(409);
  });

  it('the name of the token goes into the events as actor', async () => {
    const { kernel } = await startKernel();
    const tokens = [{ name: 'agent', token: 'give', scopes: ['submit'] }] as const;
    const { app } = testApp(kernel, { access: { exposure: 'network', tokens } });
    const { status } = await post(app, 'actions', { action: SHELL }, { authorization: 'Bearer give' });
    expect(status).toBe(202);
    const actors = [];
    for await (const event of kernel.events({})) if ('actor' in event) actors.push(event.actor);
    expect(actors).toEqual(['agent']);
  });

  it('a graph of many tasks is answered whole and in order', async () => {
    const { app } = await realApp();
    const tasks = Array.from({ length: 600 }, (_, at) => ({ id: `t${at}`, type: 'noop' }));
    const { json } = await post(app, 'actions', { action: { kind: 'task_graph.submit', input: { tasks } } });
    expect(json.task_graph.tasks.map(({ id }: { id: string }) => id)).toEqual(tasks.map(({ id }) => id));
  });

  it.each([
    [{ action: { kind: 'nope' } }, 400, 'invalid adapter action: unknown action kind "nope"'],
    [
      { action: { kind: 'runtime.command', input: { program: 'a' } } },
      400,
      'unknown task type: runtime (available: os)',
    ],
    [[], 400, 'invalid JSON: expected an object with action, got an array'],
    ['{', 400, 'invalid JSON: '],
  ])('%j is %i: %s', async (body, status, error) => {
    const { app, kernel } = await realApp();
    const answer = await post(app, 'actions', body);
    expect([answer.status, answer.json.error]).toEqual([status, expect.stringContaining(error)]);
    expect((await kernel.list({})).tasks).toEqual([]);
  });

  it('is 409 for the id of an action under way', async () => {
    const { app, executor } = await realApp();
    executor.script('a', hangs());
    const body = { action_id: 'a', action: SHELL };
    expect((await post(app, 'actions', body)).status).toBe(202);
    expect((await post(app, 'actions', body)).status).toBe(409);
  });
});
