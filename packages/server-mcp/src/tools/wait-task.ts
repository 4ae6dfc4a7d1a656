import { type GraphSummary, isTerminal, type JsonObject, type Task } from '@execgo/core';
import { agentTask, taskSummary } from '../agent-task.js';
import { oneTarget, parseArguments } from '../arguments.js';
import type { KernelTool } from '../kernel-tool.js';
import type { ResolvedLimits } from '../options.js';
import type { ToolCall } from '../tool-call.js';
import { jsonSchemaOf, WAIT_OUTPUT, waitInput } from '../tool-schemas.js';

export function waitTask({ defaultWaitMs, maxWaitMs }: ResolvedLimits): KernelTool {
  const input = waitInput(defaultWaitMs, maxWaitMs);
  return {
    scope: 'read',
    definition: {
      name: 'wait_task',
      title: 'Wait for a task or a graph',
      description: `Waits until a task (id), or every task of a submission (graph_id), has ended, for at most timeout_ms (default ${defaultWaitMs}, at most ${maxWaitMs}), and shows it as it is then. Where done is false it still runs: wait again. A graph is shown with the status of its tasks; get_task shows the result of one. Giving up the wait does not cancel anything.`,
      inputSchema: jsonSchemaOf(input),
      outputSchema: jsonSchemaOf(WAIT_OUTPUT),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async call(call: ToolCall): Promise<JsonObject> {
      const { id, graph_id, timeout_ms: timeoutMs = defaultWaitMs } = parseArguments(input, call.arguments);
      const target = oneTarget(id, graph_id);
      if ('id' in target) {
        const task = await waitForTask(call, target.id, timeoutMs);
        return { done: isTerminal(task.status), task: agentTask(task) };
      }
      const summary = await waitForGraph(call, target.graphId, timeoutMs);
      return { done: summary.done, graph: graphOf(summary), tasks: await tasksOf(call, target.graphId) };
    },
  };
}

/** Until the task has ended, the time is over, or the server stops. */
async function waitForTask(call: ToolCall, id: string, timeoutMs: number): Promise<Task> {
  call.progress.followTask(id);
  try {
    return await call.kernel.wait(id, { timeoutMs, signal: call.end });
  } catch (error) {
    if (!call.isStopping()) throw error;
    return call.kernel.get(id);
  }
}

async function waitForGraph(call: ToolCall, graphId: string, timeoutMs: number): Promise<GraphSummary> {
  call.progress.followGraph(graphId);
  try {
    return await call.kernel.graph(graphId, { timeoutMs, signal: call.end });
  } catch (error) {
    if (!call.isStopping()) throw error;
    return call.kernel.graph(graphId);
  }
}

/** The newest ones where there are more than an answer holds, in the order of submission. */
async function tasksOf({ kernel, options }: ToolCall, graphId: string): Promise<JsonObject[]> {
  const { tasks } = await kernel.list({ graph_id: graphId, limit: options.limits.maxListItems });
  return tasks.map(taskSummary).reverse();
}

export function graphOf({ graph_id, counts, task_ids, done }: GraphSummary): JsonObject {
  return { graph_id, counts: { ...counts }, task_ids: [...task_ids], done };
}
