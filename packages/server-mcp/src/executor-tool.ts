import { createHash, randomBytes } from 'node:crypto';
import { actorOf } from '@execgo/access';
import type { AgentTool } from '@execgo/adapter';
import { ExecGoError, errorMessage, isExecGoError, isJsonObject, type JsonObject, type Task } from '@execgo/core';
import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import { argumentError } from './arguments.js';
import type { ToolCall } from './tool-call.js';
import { taskResult } from './tool-result.js';
import { IDEMPOTENCY_KEY_SCHEMA } from './tool-schemas.js';

const KEY = 'idempotency_key';
const ID_BYTES = 8;

/** A tool of an executor as clients see it. */
export function executorToolDefinition({ agentName, tool }: AgentTool): Tool {
  const { description, annotations = {}, name } = tool;
  const { read_only, destructive, idempotent, open_world } = annotations;
  return {
    name: agentName,
    title: name,
    description,
    inputSchema: inputSchemaOf(tool.input_schema),
    annotations: {
      ...(read_only !== undefined && { readOnlyHint: read_only }),
      ...(destructive !== undefined && { destructiveHint: destructive }),
      ...(idempotent !== undefined && { idempotentHint: idempotent }),
      ...(open_world !== undefined && { openWorldHint: open_world }),
    },
  };
}

/**
 * Runs a tool as a graph of one task and answers with what it came to. A client that cancels the call cancels the task; one
 * that is gone, and a server that stops, leave it as it is.
 *
 * @throws ExecGoError of the submission, and `unavailable` when the server stops before the task has ended
 */
export async function callExecutorTool(agentTool: AgentTool, call: ToolCall): Promise<CallToolResult> {
  const { kernel, caller, progress, end } = call;
  const { key, input } = splitArguments(agentTool, call.arguments);
  const id = taskId(agentTool.agentName, caller.name, key);
  progress.followTask(id);
  const { category, name } = agentTool.tool;
  await kernel.submit(
    { tasks: [{ id, type: category, tool_name: name, input }] },
    { ...actorOf(caller), ...(key !== undefined && { idempotencyKey: key }) },
  );
  return taskResult(await untilEnded(id, call, end));
}

async function untilEnded(id: string, call: ToolCall, end: AbortSignal): Promise<Task> {
  try {
    return await call.kernel.wait(id, { signal: end });
  } catch (error) {
    if (call.isCancelled()) await cancel(id, call);
    else if (call.isStopping()) {
      const advice = `the task ${JSON.stringify(id)} is not lost and goes on; get_task tells what it came to`;
      throw new ExecGoError('unavailable', `the server is stopping: ${advice}`, { details: { task_id: id } });
    }
    throw error;
  }
}

async function cancel(id: string, { kernel, caller, options }: ToolCall): Promise<void> {
  try {
    await kernel.cancel(id, { ...actorOf(caller), reason: 'the MCP client cancelled the call' });
  } catch (error) {
    // It ended before it could be cancelled, or the kernel has stopped, which cancels nothing.
    if (isExecGoError(error, 'conflict') || isExecGoError(error, 'unavailable')) return;
    options.logger.error({ err: error, task_id: id }, `a cancelled call could not be ended: ${errorMessage(error)}`);
  }
}

/** A tool that has an argument of that name keeps it for itself. */
function takesKey(schema: JsonObject): boolean {
  return !(isJsonObject(schema.properties) && KEY in schema.properties);
}

function inputSchemaOf(schema: JsonObject): Tool['inputSchema'] {
  if (!takesKey(schema)) return { ...schema, type: 'object' } as Tool['inputSchema'];
  const properties = { ...(schema.properties as JsonObject | undefined), [KEY]: IDEMPOTENCY_KEY_SCHEMA };
  return { ...schema, type: 'object', properties } as Tool['inputSchema'];
}

function splitArguments(
  { tool }: AgentTool,
  given: JsonObject,
): { readonly key: string | undefined; readonly input: JsonObject } {
  if (!takesKey(tool.input_schema)) return { key: undefined, input: given };
  const { [KEY]: key, ...input } = given;
  if (key !== undefined && key !== null && typeof key !== 'string') throw argumentError(KEY, 'expected a string');
  return { key: key ?? undefined, input };
}

/** With a key, a repeat is about the same task: who asks and the key make its id, so that the graph is the same. */
function taskId(agentName: string, callerName: string | undefined, key: string | undefined): string {
  const suffix =
    key === undefined
      ? randomBytes(ID_BYTES).toString('hex')
      : createHash('sha256')
          .update(JSON.stringify([callerName ?? '', key]))
          .digest('hex')
          .slice(0, 2 * ID_BYTES);
  return `${agentName}-${suffix}`;
}
