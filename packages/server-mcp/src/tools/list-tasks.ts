import type { JsonObject } from '@execgo/core';
import { taskSummary } from '../agent-task.js';
import { parseArguments } from '../arguments.js';
import type { KernelTool } from '../kernel-tool.js';
import type { ResolvedLimits } from '../options.js';
import type { ToolCall } from '../tool-call.js';
import { jsonSchemaOf, LIST_OUTPUT, listInput } from '../tool-schemas.js';

export function listTasks({ defaultListItems, maxListItems }: ResolvedLimits): KernelTool {
  const input = listInput(defaultListItems, maxListItems);
  return {
    scope: 'read',
    definition: {
      name: 'list_tasks',
      title: 'List tasks',
      description:
        'Lists tasks, newest submission first, with their status and error; get_task shows the rest of one. Where there are more, next_cursor of the answer is the cursor of the next call.',
      inputSchema: jsonSchemaOf(input),
      outputSchema: jsonSchemaOf(LIST_OUTPUT),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async call({ kernel, arguments: given }: ToolCall): Promise<JsonObject> {
      const { status, type, graph_id, limit = defaultListItems, cursor } = parseArguments(input, given);
      const { tasks, next } = await kernel.list({
        ...(status !== undefined && { status }),
        ...(type !== undefined && { type }),
        ...(graph_id !== undefined && { graph_id }),
        ...(cursor !== undefined && { before: Number(cursor) }),
        limit,
      });
      return { tasks: tasks.map(taskSummary), ...(next !== undefined && { next_cursor: String(next) }) };
    },
  };
}
