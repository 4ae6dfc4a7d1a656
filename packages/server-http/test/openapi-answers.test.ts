import { FakeExecutor, fails, graphInput, hangs, reports, succeeds } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { describeApi } from '../src/index.js';
import { type OpenApi, openApiChecker, operationsOf } from './support/openapi-checker.js';
import { send, startKernel, testApp } from './support/test-server.js';

const document = (await describeApi({ version: '1.2.3' })) as unknown as OpenApi;
const skills = {
  list: async () => [{ name: 'count', description: 'Counts.', source: 'user', scripts: [] }],
  get: async () => ({
    name: 'count',
    description: 'Counts.',
    source: 'user',
    scripts: ['count.mjs'],
    license: 'MIT',
    allowed_tools: ['os.shell'],
    metadata: { by: 'me' },
    body: '# Count',
    files: [{ path: 'SKILL.md', size: 9 }],
    warnings: ['no description'],
  }),
  file: async (_name: string, path: string) => ({ path, size: 1, bytes: new Uint8Array([65]) }),
};
const tool = {
  name: 'files.read',
  description: 'Reads.',
  input_schema: { type: 'object' },
  annotations: { read_only: true },
};

it('what a real server answers is what the document says, field by field', async () => {
  const executor = new FakeExecutor()
    .script('a', reports(['half'], succeeds({ answer: 42 })))
    .script('b', fails('exit_nonzero', 'command failed: exit status 2', { details: { result: { exit_code: 2 } } }))
    .script('slow', hangs())
    .script('flaky', fails('external_failure'), succeeds());
  const mcp = new FakeExecutor({ category: 'mcp', tools: [tool] });
  const { kernel } = await startKernel({ executor, others: [mcp] });
  const { app } = testApp(kernel, { skills });
  const checker = openApiChecker(document);
  const seen = new Set<string>();

  async function ask(operationId: string, path: string, options: Parameters<typeof send>[3] = {}) {
    const operation = operationsOf(document).find((one) => one.operationId === operationId);
    const answer = await send(app, operation?.method ?? '', path, options);
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const place = [operationId, answer.status];
    if (answer.status === 204) expect(Object.keys(operation?.responses ?? {})).toContain('204');
    else {
      const value = answer.json ?? answer.text;
      expect([place, checker.answerProblems(operationId, answer.status, type, value)]).toEqual([place, []]);
    }
    if (answer.status < 400) seen.add(operationId);
    return answer;
  }

  const graph = graphInput({ a: [], b: ['a'], c: ['b'], slow: [], waits: ['slow'] });
  const annotated = { id: 'flaky', type: 'os', retry: 1, timeout: 9000, priority: 3, annotations: { team: 'blue' } };
  const body = { tasks: [...graph.tasks, { ...annotated, on_interrupt: 'fail', input: {}, colour: 1 }] };
  const { json: receipt } = await ask('submitTasks', '/tasks', { body });
  expect(receipt.warnings).toHaveLength(1);
  const graphPath = `/graphs/${receipt.graph_id}`;
  for (const id of ['a', 'b', 'c', 'flaky']) await ask('getTask', `/tasks/${id}?wait=5000`);
  await executor.started('slow');
  await ask('getTask', '/tasks/slow');
  await ask('getTask', '/tasks/none');
  await ask('getTask', '/tasks/a?wait=x');
  await ask('getGraph', graphPath);
  await ask('cancelTask', '/tasks/a/cancel');
  await ask('cancelTask', '/tasks/slow/cancel', { body: { reason: 'enough' } });
  await ask('cancelGraph', `${graphPath}/cancel`);
  await ask('getGraph', `${graphPath}?wait=5000`);
  await ask('listTasks', '/tasks');
  await ask('listTasks', '/tasks?limit=2&annotation.team=blue');
  await ask('listTaskEvents', '/tasks/flaky/events');
  await ask('getTaskOutput', '/tasks/a/output');
  await ask('getTaskOutput', '/tasks/a/output?stream=stdout');
  await ask('getTaskOutput', '/tasks/a/output?stream=stdout', { headers: { range: 'bytes=7-8' } });
  await ask('getCapabilities', '/adapters/capabilities');
  await ask('listAgentTools', '/adapters/tools');
  await ask('listAgentTools', '/adapters/tools?format=openai');
  const action = { action_id: 'acted', action: { kind: 'os.noop', input: { message: 'hi' } }, metadata: { by: 'me' } };
  await ask('translateAction', '/adapters/translate', { body: action });
  await ask('submitAction', '/adapters/actions', { body: action });
  await ask('listMcpTools', '/mcp/tools');
  const { json: handle } = await ask('callMcpTool', '/mcp/call', { body: { tool_name: 'files.read', input: {} } });
  await ask('getMcpHandle', `/mcp/tasks/${handle.handle_id}?wait=5000`);
  await ask('callMcpTool', '/mcp/call', { body: '{', headers: { 'content-type': 'text/plain' } });
  await ask('listSkills', '/skills');
  await ask('getSkill', '/skills/count');
  await ask('getSkillFile', '/skills/count/files/SKILL.md');
  await ask('getHealth', '/health');
  await ask('getLive', '/livez');
  await ask('getReady', '/readyz');
  await ask('getMetrics', '/metrics');
  await ask('getMetrics', '/metrics', { headers: { accept: 'text/plain' } });
  await ask('getOpenApi', '/openapi.json');
  await ask('deleteTask', '/tasks/a');
  const { json: events } = await ask('listEvents', '/events');
  expect(new Set(events.map(({ type }: { type: string }) => type)).size).toBeGreaterThan(8);
  expect([...seen].sort()).toEqual(
    operationsOf(document)
      .map(({ operationId }) => operationId)
      .sort(),
  );
});
