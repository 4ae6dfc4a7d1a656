import { actorOf } from '@execgo/access';
import type { JsonObject, TaskGraphInput } from '@execgo/core';
import { parseArguments } from '../arguments.js';
import type { KernelTool } from '../kernel-tool.js';
import type { ToolCall } from '../tool-call.js';
import { jsonSchemaOf, SUBMIT_INPUT, SUBMIT_OUTPUT, submitInputSchema } from '../tool-schemas.js';

/** What the description shows: every kind of dependency in three tasks. */
export const EXAMPLE_GRAPH = {
  tasks: [
    { id: 'fetch', type: 'os', tool_name: 'http', input: { url: 'https://example.org/' }, retry: 2, timeout: 10_000 },
    {
      id: 'save',
      type: 'os',
      tool_name: 'file',
      input: { action: 'write', path: 'page.html', content: { $from: 'fetch', pointer: '/body' } },
      depends_on: ['fetch'],
    },
    {
      id: 'count',
      type: 'os',
      tool_name: 'shell',
      input: { command: 'wc', args: ['-c', 'page.html'] },
      depends_on: ['save'],
    },
  ],
} as const;

const DESCRIPTION = `Submits a graph of tasks to ExecGo, which runs it durably: what it accepts goes on whatever becomes of this connection. Tasks that do not depend on each other run at the same time; a task starts once all of its dependencies have succeeded, and a failure skips everything downstream. The graph is taken whole or not at all. Answers at once with the ids; wait_task with the graph_id tells what it came to. Example: ${JSON.stringify(EXAMPLE_GRAPH)}`;

export function submitTaskGraph(): KernelTool {
  return {
    scope: 'submit',
    definition: {
      name: 'submit_task_graph',
      title: 'Submit a task graph',
      description: DESCRIPTION,
      inputSchema: submitInputSchema(),
      outputSchema: jsonSchemaOf(SUBMIT_OUTPUT),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    async call({ kernel, caller, arguments: given }: ToolCall): Promise<JsonObject> {
      const { tasks, idempotency_key } = parseArguments(SUBMIT_INPUT, given);
      const receipt = await kernel.submit({ tasks } as TaskGraphInput, {
        ...actorOf(caller),
        ...(idempotency_key !== undefined && { idempotencyKey: idempotency_key }),
      });
      const { accepted, task_ids, graph_id, warnings } = receipt;
      return { accepted, task_ids: [...task_ids], graph_id, warnings: [...warnings] };
    },
  };
}
