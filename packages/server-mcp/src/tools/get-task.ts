import type { JsonObject } from '@execgo/core';
import { agentTask } from '../agent-task.js';
import { parseArguments } from '../arguments.js';
import type { KernelTool } from '../kernel-tool.js';
import type { ToolCall } from '../tool-call.js';
import { GET_INPUT, jsonSchemaOf, TASK_OUTPUT } from '../tool-schemas.js';

export function getTask(): KernelTool {
  return {
    scope: 'read',
    definition: {
      name: 'get_task',
      title: 'Get a task',
      description:
        'Shows one task as it is now: its status (pending, running, success, failed, skipped), its result, its error, its newest progress. To wait until it has ended, use wait_task.',
      inputSchema: jsonSchemaOf(GET_INPUT),
      outputSchema: jsonSchemaOf(TASK_OUTPUT),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async call({ kernel, arguments: given }: ToolCall): Promise<JsonObject> {
      const { id } = parseArguments(GET_INPUT, given);
      return agentTask(await kernel.get(id));
    },
  };
}
