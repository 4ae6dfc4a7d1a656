import { isExecGoError, type JsonObject, runSliced } from '@execgo/core';
import { jsonValue } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTION_KINDS, checkTranslatedGraph, type Translation, translateAction } from '../src/index.js';

const translate = (body: unknown) => translateAction(body, { generateId: () => 'adapter-generated' });
const taskOf = (body: unknown) => only(translate(body));
const executionOf = (body: unknown) => (taskOf(body).input as JsonObject).execution;
const act = (kind: string, input?: unknown, action: object = {}) => ({ action: { kind, input, ...action } });

function only({ task_graph: { tasks } }: Translation): JsonObject {
  expect(tasks).toHaveLength(1);
  return tasks[0] as JsonObject;
}

function refusal(body: unknown): { readonly message: string; readonly field: unknown } {
  try {
    translate(body);
  } catch (error) {
    expect(isExecGoError(error, 'invalid_input')).toBe(true);
    const { message, details } = error as { message: string; details?: { field?: unknown } };
    return { message, field: details?.field };
  }
  return expect.fail('it was translated');
}

describe('translate', () => {
  it('answers a task that is not normalised, with an empty status and zero times', () => {
    const body = {
      adapter: ' Codex ',
      agent_id: 'agent-1',
      session_id: 's-1',
      action_id: ' list ',
      action: { kind: ' Shell ', input: { command: 'ls' }, depends_on: ['a', 'a'], retry: 2, timeout: 500 },
      metadata: { ' team ': ' blue ', empty: '  ', adapter: 'mine' },
    };
    expect(translate(body)).toEqual({
      task_ids: ['list'],
      task_graph: {
        tasks: [
          {
            id: 'list',
            type: 'os',
            tool_name: 'shell',
            input: { command: 'ls' },
            execution_category: 'os',
            depends_on: ['a', 'a'],
            retry: 2,
            timeout: 500,
            annotations: {
              team: 'blue',
              adapter_schema: 'adapter.v1',
              adapter: 'codex',
              action_kind: 'os.shell',
              agent_id: 'agent-1',
              session_id: 's-1',
              action_id: 'list',
            },
            status: '',
            created_at: '0001-01-01T00:00:00Z',
            updated_at: '0001-01-01T00:00:00Z',
          },
        ],
      },
      translation_trace: {
        schema_version: 'adapter.v1',
        adapter: 'codex',
        agent_id: 'agent-1',
        session_id: 's-1',
        action_id: ' list ',
        source_kind: 'Shell',
        normalized_kind: 'os.shell',
        task_ids: ['list'],
      },
      warnings: [],
    });
  });

  it('translation_trace has all eight, "" where absent', () => {
    expect(translate(act('noop')).translation_trace).toEqual({
      schema_version: 'adapter.v1',
      adapter: 'generic',
      agent_id: '',
      session_id: '',
      action_id: '',
      source_kind: 'noop',
      normalized_kind: 'os.noop',
      task_ids: ['adapter-generated'],
    });
  });

  it.each([
    ['shell', 'os.shell'],
    ['bash', 'os.shell'],
    ['terminal.command', 'os.shell'],
    ['file.read', 'os.file'],
    ['file.write', 'os.file'],
    ['http.request', 'os.http'],
    ['command', 'runtime.command'],
    ['script', 'runtime.script'],
    ['noop', 'os.noop'],
    ['dns', 'os.dns'],
    ['tcp', 'os.tcp'],
    ['sleep', 'os.sleep'],
    ...ACTION_KINDS.map((kind): [string, string] => [kind, kind]),
  ])('the kind %s means %s, whatever its case and the space round it', (name, kind) => {
    const input = { program: 'p', script: 's', tool_name: 'a.b', tasks: [{ id: 'x', type: 'noop' }] };
    for (const sent of [name, ` ${name.toUpperCase()}\n`]) {
      const { translation_trace: trace } = translate(act(sent, input));
      expect([trace.source_kind, trace.normalized_kind]).toEqual([sent.trim(), kind]);
    }
  });

  it.each([
    ['file.read', { path: 'a' }, { path: 'a', action: 'read' }],
    ['FILE.WRITE', { path: 'a', content: '' }, { path: 'a', content: '', action: 'write' }],
    ['file.read', { path: 'a', action: 'stat' }, { path: 'a', action: 'stat' }],
    ['file.read', undefined, { action: 'read' }],
    ['file.read', { $from: 'x' }, { $from: 'x' }],
    ['os.file', { path: 'a' }, { path: 'a' }],
  ])('%s of %j takes %j', (kind, input, expected) => {
    expect(taskOf(act(kind, input)).input).toEqual(expected);
  });

  it('no input stays none', () => {
    expect(taskOf(act('noop'))).not.toHaveProperty('input');
    expect(taskOf(act('noop', null))).not.toHaveProperty('input');
  });
});

describe('the id of the task', () => {
  it.each([
    ['the trimmed action_id', { action_id: ' a ', ...act('command', { program: 'p', task_id: 'inner' }) }, 'a'],
    ['else, for runtime.*, input.task_id', act('command', { program: 'p', task_id: ' inner ' }), 'inner'],
    ['else a generated one', act('command', { program: 'p' }), 'adapter-generated'],
    ['an action_id of spaces is none', { action_id: '  ', ...act('noop') }, 'adapter-generated'],
    ['input.task_id of other kinds is input', act('noop', { task_id: 'inner' }), 'adapter-generated'],
  ])('is %s', (_name, body, id) => {
    const translation = translate(body);
    expect([only(translation).id, translation.task_ids, translation.translation_trace.task_ids]).toEqual([
      id,
      [id],
      [id],
    ]);
  });

  it('is asked for only where it is needed', () => {
    const generateId = () => expect.fail('an id was asked for');
    translateAction({ action_id: 'a', ...act('noop') }, { generateId });
    translateAction(act('task_graph.submit', { tasks: [{ id: 'x', type: 'noop' }] }), { generateId });
  });
});

describe('mcp.call', () => {
  it('needs tool_name in the action or in its input', () => {
    expect(taskOf(act('mcp.call', { a: 1 }, { tool_name: 's.t' }))).toMatchObject({
      type: 'mcp',
      tool_name: 's.t',
      input: { a: 1 },
      execution_category: 'mcp',
    });
    expect(taskOf(act('mcp.call', { a: 1, tool_name: 's.t' }))).toMatchObject({ tool_name: 's.t', input: { a: 1 } });
    expect(refusal(act('mcp.call', { a: 1 })).message).toBe(
      'invalid adapter action: tool_name is required for mcp.call',
    );
    expect(refusal(act('mcp.call', { tool_name: 5 })).message).toContain('tool_name is required');
  });

  it('leaves a member tool_name of the arguments alone where the action names the tool', () => {
    const task = taskOf(act('mcp.call', { tool_name: 'x' }, { tool_name: 's.t' }));
    expect(task).toMatchObject({ tool_name: 's.t', input: { tool_name: 'x' } });
  });
});

it('cli.run becomes type "cli-skills" with tool_name "cli.run"', () => {
  expect(taskOf(act('cli.run', { command: 'date' }))).toMatchObject({
    type: 'cli-skills',
    tool_name: 'cli.run',
    input: { command: 'date' },
    execution_category: 'cli-skills',
  });
});

describe('runtime.*', () => {
  const provenance = { adapter_schema: 'adapter.v1', adapter: 'generic' };

  it('takes flat input, and passes limits, sandbox, policy and control_context on', () => {
    const passedOn = {
      limits: { wall_time_ms: 5 },
      sandbox: { profile: 'process' },
      policy: { capability_mode: 'strict' },
      control_context: { tenant: 't' },
    };
    const input = { program: ' go ', args: ['test'], env: { A: 'b' }, ...passedOn, other: 1, metadata: { k: ' v ' } };
    const task = taskOf({ action_id: 'build', metadata: { k2: 'v2' }, ...act('runtime.command', input) });
    const origin = { ...provenance, action_kind: 'runtime.command', action_id: 'build', k2: 'v2' };
    expect(task).toMatchObject({ type: 'runtime', execution_category: 'runtime', annotations: origin });
    expect(task).not.toHaveProperty('tool_name');
    expect(task.input).toEqual({
      task_id: 'build',
      execution: { kind: 'command', program: 'go', args: ['test'], env: { A: 'b' } },
      ...passedOn,
      metadata: { ...origin, k: 'v' },
    });
  });

  it('takes a script with its interpreter', () => {
    expect(executionOf(act('script', { script: 'print(1)\n', interpreter: ['python3'] }))).toEqual({
      kind: 'script',
      script: 'print(1)\n',
      interpreter: ['python3'],
    });
  });

  it('takes {execution}, whose kind defaults from the action', () => {
    const execution = (kind: string, given: unknown) => executionOf(act(kind, { execution: given }));
    expect(execution('command', { program: 'a' })).toEqual({ kind: 'command', program: 'a' });
    expect(execution('command', { kind: 'script', script: 'a' })).toEqual({ kind: 'script', script: 'a' });
    expect(execution('script', { $from: 'x' })).toEqual({ $from: 'x' });
  });

  it('a reference counts as given', () => {
    expect(executionOf(act('command', { program: { $from: 'x', pointer: '/p' } }))).toEqual({
      kind: 'command',
      program: { $from: 'x', pointer: '/p' },
    });
  });
});

describe('task_graph.submit', () => {
  const tasks = [
    { id: 'a', type: 'noop', params: { message: 'hi' }, own: true },
    { id: 'b', type: 'shell', depends_on: ['a'] },
  ];
  const unstored = { status: '', created_at: '0001-01-01T00:00:00Z', updated_at: '0001-01-01T00:00:00Z' };

  it.each([
    ['{tasks}', { tasks }],
    ['{task_graph: {tasks}}', { task_graph: { tasks } }],
  ])('takes %s, its tasks unchanged and without annotations', (_name, input) => {
    const body = { action_id: 'not-used', metadata: { a: 'b' }, ...act('task_graph.submit', input) };
    const { task_graph, task_ids } = translate(body);
    expect(task_graph.tasks).toEqual(tasks.map((task) => ({ ...task, ...unstored })));
    expect(task_ids).toEqual(['a', 'b']);
  });

  it('a task that was fetched loses what the server says of it', () => {
    const fetched = { id: 'a', type: 'os', status: 'failed', error: 'x', runtime: { status: 'failed' }, graph_id: 'g' };
    expect(taskOf(act('task_graph.submit', { tasks: [fetched] }))).toEqual({ id: 'a', type: 'os', ...unstored });
  });

  it('a kernel would say the same of a graph that is none', () => {
    const check = (given: unknown[]) =>
      runSliced(checkTranslatedGraph(translate(act('task_graph.submit', { tasks: given }))));
    expect(() => check([])).toThrow('task graph is empty');
    expect(() => check([{ type: 'noop' }])).toThrow('task id is required');
    expect(() => check([tasks[0], tasks[0]])).toThrow('duplicate task id: "a"');
    expect(() => check([{ id: 'a', type: 'noop', depends_on: ['a'] }])).toThrow('cannot depend on itself');
    expect(() => check([{ id: 'a', type: 'noop', dependson: [] }])).toThrow('did you mean "depends_on"?');
    expect(() => check([{ id: 'a', type: 'noop', retry: 'x' }])).toThrow('invalid JSON: tasks[0].retry: ');
    expect(check([{ id: 'b', type: 'noop', depends_on: ['a-task-of-the-server'], own: 1 }])).toEqual([
      'tasks[0]: unknown field "own" is ignored',
    ]);
  });
});

describe('translation errors begin "invalid adapter action: "', () => {
  it.each([
    ['unknown action kind "not.real"', { action: { kind: ' not.real ' } }, 'action.kind'],
    ['action.kind is required', {}, 'action.kind'],
    ['action.kind is required', { action: { kind: '  ' } }, 'action.kind'],
    ['input.program is required for runtime.command', act('command', { args: [] }), 'action.input.program'],
    ['input.program is required for runtime.command', act('command', { program: ' ' }), 'action.input.program'],
    ['input.script is required for runtime.script', act('script', { script: 7 }), 'action.input.script'],
    ['input must contain tasks or task_graph', act('task_graph.submit', {}), 'action.input'],
    ['input is required for task_graph.submit', act('task_graph.submit'), 'action.input'],
    ['input must be a JSON object', act('task_graph.submit', []), 'action.input'],
    ['input must be a JSON object', act('file.read', 'a'), 'action.input'],
    ['input must be a JSON object', act('script', [1]), 'action.input'],
    ['input must be a JSON object', act('mcp.call', 5), 'action.input'],
    ['input.execution must be a JSON object', act('command', { execution: 'ls' }), 'action.input.execution'],
  ])('%s', (problem, body, field) => {
    expect(refusal(body)).toEqual({ message: `invalid adapter action: ${problem}`, field });
  });
});

describe('the request is checked field by field', () => {
  it.each([
    [[], 'invalid JSON: expected an object with action, got an array'],
    ['shell', 'invalid JSON: expected an object with action, got "shell"'],
    [{ action: 'shell' }, 'invalid JSON: action: expected an object, got "shell"'],
    [{ action: { kind: 5 } }, 'invalid JSON: action.kind: expected a string, got 5'],
    [{ action_id: 7, ...act('noop') }, 'invalid JSON: action_id: expected a string, got 7'],
    [act('noop', {}, { retry: 1.5 }), 'invalid JSON: action.retry: expected an integer, got 1.5'],
    [act('noop', {}, { timeout: '5s' }), 'invalid JSON: action.timeout: expected an integer, got "5s"'],
    [act('noop', {}, { depends_on: 'a' }), 'invalid JSON: action.depends_on: expected an array of task ids, got "a"'],
    [act('noop', {}, { depends_on: [1] }), 'invalid JSON: action.depends_on[0]: expected a string, got 1'],
    [{ metadata: [], ...act('noop') }, 'invalid JSON: metadata: expected an object with string values, got an array'],
    [{ metadata: { a: 1 }, ...act('noop') }, 'invalid JSON: metadata.a: expected a string, got 1'],
    [act('command', { program: 'a', metadata: { b: [] } }), 'invalid JSON: action.input.metadata.b: expected a string'],
    [act('task_graph.submit', { tasks: {} }), 'invalid JSON: action.input.tasks: expected an array, got an object'],
    [act('task_graph.submit', { tasks: [1] }), 'invalid JSON: action.input.tasks[0]: expected an object, got 1'],
    [act('task_graph.submit', { task_graph: 'x' }), 'invalid JSON: action.input.task_graph: expected an object'],
    [{ agentid: 'a', ...act('noop') }, 'invalid JSON: agentid: unknown field "agentid"; did you mean "agent_id"?'],
    [act('noop', {}, { dependson: [] }), 'unknown field "dependson"; did you mean "depends_on"?'],
    [act('noop', {}, { toolname: 'a' }), 'invalid JSON: action.toolname: unknown field'],
  ])('%j is refused: %s', (body, message) => {
    expect(refusal(body).message).toContain(message);
  });

  it('any other unknown field is ignored and named, and null counts as absent', () => {
    const { warnings } = translate({
      priority: 3,
      adapter: null,
      metadata: { a: null },
      action: { kind: 'noop', why: 'because', input: null, retry: null, depends_on: null },
    });
    expect(warnings).toEqual(['unknown field "priority" is ignored', 'unknown field "action.why" is ignored']);
  });

  it('names like __proto__ are ordinary', () => {
    const body = JSON.parse('{"metadata":{"__proto__":"x"},"action":{"kind":"noop","input":{"__proto__":1}}}');
    const task = taskOf(body);
    expect(JSON.stringify(task.annotations)).toContain('"__proto__":"x"');
    expect(JSON.stringify(task.input)).toBe('{"__proto__":1}');
  });
});

it('whatever is sent is translated or refused as invalid_input', () => {
  const rarely = <T>(usual: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: jsonValue() });
  const member = fc.option(jsonValue(), { nil: undefined });
  const text = rarely(fc.option(fc.string(), { nil: undefined }));
  const kind = rarely(fc.constantFrom(...ACTION_KINDS, 'file.write', 'bash'));
  const input = rarely(
    fc.record({ program: text, script: text, execution: member, tasks: member, tool_name: text, metadata: member }),
  );
  const action = rarely(fc.record({ kind, input, tool_name: text, retry: rarely(fc.constant(2)) }));
  const body = rarely(fc.record({ action, adapter: text, action_id: text, metadata: rarely(fc.constant({ a: 'b' })) }));
  let translated = 0;
  fc.assert(
    fc.property(body, (sent) => {
      try {
        const { task_ids, task_graph } = translate(sent);
        translated += 1;
        expect(task_ids).toHaveLength(task_graph.tasks.length);
        expect(JSON.parse(JSON.stringify(task_graph))).toEqual(task_graph);
      } catch (error) {
        if (!isExecGoError(error, 'invalid_input')) throw error;
        expect(error.message).toMatch(/^invalid (JSON|adapter action): /);
      }
    }),
  );
  expect(translated).toBeGreaterThan(0);
});
