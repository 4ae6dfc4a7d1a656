import { actorOf } from '@execgo/access';
import type { JsonObject } from '@execgo/core';
import { agentTask } from '../agent-task.js';
import { oneTarget, parseArguments } from '../arguments.js';
import type { KernelTool } from '../kernel-tool.js';
import type { ToolCall } from '../tool-call.js';
import { CANCEL_INPUT, CANCEL_OUTPUT, jsonSchemaOf } from '../tool-schemas.js';
import { graphOf } from './wait-task.js';

export function cancelTask(): KernelTool {
  return {
    scope: 'submit',
    definition: {
      name: 'cancel_task',
      title: 'Cancel a task or a graph',
      description:
        'Cancels a task (id), or every unfinished task of a submission (graph_id), and skips what depends on it. Answers when nothing of it runs any more. A task that has ended otherwise cannot be cancelled: conflict.',
      inputSchema: jsonSchemaOf(CANCEL_INPUT),
      outputSchema: jsonSchemaOf(CANCEL_OUTPUT),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    async call({ kernel, caller, arguments: given }: ToolCall): Promise<JsonObject> {
      const { id, graph_id, reason } = parseArguments(CANCEL_INPUT, given);
      const target = oneTarget(id, graph_id);
      const options = { ...actorOf(caller), ...(reason !== undefined && { reason }) };
      if ('id' in target) return { task: agentTask(await kernel.cancel(target.id, options)) };
      return { graph: graphOf(await kernel.cancelGraph(target.graphId, options)) };
    },
  };
}
