import { CLIENT_FIELDS, type JsonObject, type KernelTool, TaskInputSchema } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import {
  ACTION_KINDS,
  adapterCapabilities,
  formatTools,
  TASK_GRAPH_SCHEMA,
  TOOL_FORMATS,
  toolManifest,
} from '../src/index.js';

const SHELL: KernelTool = {
  category: 'os',
  name: 'shell',
  description: 'Runs a program.',
  input_schema: { type: 'object', properties: { command: { type: 'string' } } },
  annotations: { destructive: true, open_world: true },
};
const READ: KernelTool = {
  category: 'mcp',
  name: 'files.read',
  description: 'x'.repeat(2000),
  input_schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['path'],
    allOf: [{ properties: { mode: { type: 'string' } }, required: ['mode'] }],
    oneOf: [
      { properties: { path: { type: 'string' } }, required: ['a'] },
      { properties: { head: { type: 'number' } } },
    ],
    $defs: { a: { type: 'string' } },
  },
  annotations: { read_only: true, idempotent: false },
};
const RUN: KernelTool = {
  category: 'cli-skills',
  name: 'cli.run',
  description: 'Runs.',
  input_schema: { type: 'object' },
};
const KERNEL = [READ, RUN, SHELL];

describe('capabilities', () => {
  it('name the schema, the profiles and the kinds', () => {
    expect(adapterCapabilities()).toMatchObject({
      schema_version: 'adapter.v1',
      profiles: ['generic', 'claudecode', 'codex', 'openclaw'],
      action_kinds: [
        'os.shell',
        'os.file',
        'os.http',
        'os.dns',
        'os.tcp',
        'os.sleep',
        'os.noop',
        'runtime.command',
        'runtime.script',
        'mcp.call',
        'cli.run',
        'task_graph.submit',
      ],
    });
    for (const note of adapterCapabilities().compatibility_notes) expect(note).toMatch(/\S/);
  });
});

describe('tools', () => {
  const { schema_version, tools } = toolManifest(KERNEL);
  const byKind = new Map(tools.map((tool) => [tool.action_kind, tool]));

  it('are one for each kind, named execgo.<kind>', () => {
    expect(schema_version).toBe('adapter.v1');
    expect(tools.map(({ name }) => name)).toEqual(ACTION_KINDS.map((kind) => `execgo.${kind}`));
    for (const { description, input_schema } of tools) {
      expect(description).toMatch(/\S/);
      expect(input_schema.type).toBe('object');
    }
  });

  it('have the category of what they become; that of task_graph.submit is task-dsl', () => {
    expect(tools.map(({ category }) => category)).toEqual([
      ...Array(7).fill('os'),
      'runtime',
      'runtime',
      'mcp',
      'cli-skills',
      'task-dsl',
    ]);
  });

  it('list their aliases', () => {
    expect(byKind.get('os.shell')?.aliases).toEqual(['shell', 'bash', 'terminal.command']);
    expect(byKind.get('os.file')?.aliases).toEqual(['file.read', 'file.write']);
    expect(byKind.get('mcp.call')).not.toHaveProperty('aliases');
  });

  it('have the schemas of the kernel, and of their own where there are no such tools', () => {
    expect(byKind.get('os.shell')).toMatchObject({ input_schema: SHELL.input_schema, description: SHELL.description });
    expect(byKind.get('cli.run')?.description).toBe('Runs.');
    expect(byKind.get('os.dns')?.input_schema).toEqual({ type: 'object' });
    expect(byKind.get('mcp.call')?.input_schema).toMatchObject({ properties: { tool_name: { enum: ['files.read'] } } });
    expect(byKind.get('runtime.command')?.input_schema).toMatchObject({
      properties: { program: { type: 'string' }, execution: { type: 'object' } },
    });
    expect(byKind.get('task_graph.submit')?.input_schema).toMatchObject({
      properties: { tasks: { type: 'array' }, task_graph: { type: 'object' } },
    });
    expect(toolManifest([]).tools).toHaveLength(ACTION_KINDS.length);
  });

  it('the schema of a task names exactly the fields that a client may set', () => {
    const { tasks } = TASK_GRAPH_SCHEMA.properties as { tasks: { items: { properties: JsonObject } } };
    expect(Object.keys(tasks.items.properties).sort()).toEqual([...CLIENT_FIELDS].sort());
    expect(Object.keys(TaskInputSchema.entries).sort()).toEqual([...CLIENT_FIELDS].sort());
  });
});

describe('tools?format', () => {
  const READ_PARAMETERS = {
    type: 'object',
    properties: { mode: { type: 'string' }, path: { type: 'string' }, head: { type: 'number' } },
    required: ['path', 'mode'],
    $defs: { a: { type: 'string' } },
  };

  it('openai: functions of Chat Completions, whose parameters are plain objects', () => {
    const { tools } = formatTools(KERNEL, 'openai');
    expect(tools[1]).toEqual({
      type: 'function',
      function: { name: 'files__read', description: `${'x'.repeat(1023)}…`, parameters: READ_PARAMETERS },
    });
    expect(tools[0]).toMatchObject({ function: { name: 'cli__run', parameters: { type: 'object', properties: {} } } });
  });

  it('anthropic: name, description, input_schema', () => {
    const { tools } = formatTools(KERNEL, 'anthropic');
    expect(tools[1]).toEqual({
      name: 'files__read',
      description: READ.description,
      input_schema: READ_PARAMETERS,
    });
  });

  it('mcp: name, description, inputSchema as it is, and annotations', () => {
    const { tools } = formatTools(KERNEL, 'mcp');
    expect(tools[1]).toEqual({
      name: 'files__read',
      description: READ.description,
      inputSchema: READ.input_schema,
      annotations: { readOnlyHint: true, idempotentHint: false },
    });
    expect(tools[0]).not.toHaveProperty('annotations');
  });

  it.each(TOOL_FORMATS)(
    '%s: every tool of the kernel and the submission of a graph, and what a call of each is',
    (format) => {
      const { tools, calls, schema_version } = formatTools(KERNEL, format);
      expect(schema_version).toBe('adapter.v1');
      const names = tools.map((tool) => (tool.function as { name: string } | undefined)?.name ?? tool.name);
      expect(names).toEqual(['cli__run', 'files__read', 'os__shell', 'task_graph__submit']);
      expect(calls).toEqual({
        cli__run: { type: 'cli-skills', tool_name: 'cli.run' },
        files__read: { type: 'mcp', tool_name: 'files.read' },
        os__shell: { type: 'os', tool_name: 'shell' },
        task_graph__submit: { action_kind: 'task_graph.submit' },
      });
    },
  );
});
