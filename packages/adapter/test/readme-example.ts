import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { formatTools, translateAction } from '@execgo/adapter';
import type { KernelTool } from '@execgo/core';

const { task_graph, translation_trace } = translateAction(
  { adapter: 'codex', action_id: 'list', action: { kind: 'shell', input: { command: 'ls' } } },
  { generateId: () => `adapter-${randomUUID()}` },
);
assert.equal(translation_trace.normalized_kind, 'os.shell');
assert.equal(task_graph.tasks[0]?.tool_name, 'shell'); // ready for `POST /tasks`, or `kernel.submit`

const toolsOfKernel: KernelTool[] = [
  { category: 'os', name: 'shell', description: 'Runs a program.', input_schema: { type: 'object' } },
];
const { tools, calls } = formatTools(toolsOfKernel, 'anthropic');
assert.deepEqual(tools[0], {
  name: 'os__shell',
  description: 'Runs a program.',
  input_schema: { type: 'object', properties: {} },
});
assert.deepEqual(calls.os__shell, { type: 'os', tool_name: 'shell' }); // what a call of it is
