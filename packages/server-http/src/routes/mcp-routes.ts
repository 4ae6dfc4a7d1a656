import {
  ExecGoError,
  isExecGoError,
  type JsonObject,
  type Kernel,
  type KernelTool,
  type SubmitOptions,
  type Task,
  type TaskInput,
} from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import type { Call } from '../call.js';
import { checkedBody } from '../checked-body.js';
import type { Route } from '../endpoint.js';
import { freshId } from '../fresh-id.js';
import { jsonBody } from '../json-body.js';
import { longPoll } from '../long-poll.js';
import { mcpHandle } from '../mcp-handle.js';
import { pathId } from '../path-id.js';
import { Query } from '../query.js';
import { McpCallBody } from '../schemas/mcp.js';
import { submitOptions } from '../submit-options.js';
import { CALL_MCP_TOOL, GET_MCP_HANDLE, LIST_MCP_TOOLS } from './mcp-operations.js';

const CATEGORY = 'mcp';

/** `/mcp/*`: calls of MCP tools as the first version offers them. Each is a task like every other, and outlives its request. */
export function mcpRoutes(options: ResolvedOptions): readonly Route[] {
  const { kernel } = options;
  return [
    {
      path: '/mcp/tools',
      methods: {
        GET: {
          operation: LIST_MCP_TOOLS,
          handle: async (call) => {
            const tools = await kernel.tools();
            return call.json(200, { tools: tools.filter(({ category }) => category === CATEGORY).map(toolToWire) });
          },
        },
      },
    },
    {
      path: '/mcp/call',
      methods: { POST: { operation: CALL_MCP_TOOL, handle: (call) => callTool(call, options) } },
    },
    {
      path: '/mcp/tasks/:handle',
      methods: {
        GET: {
          operation: GET_MCP_HANDLE,
          handle: async (call) => {
            const { id } = await taskOf(kernel, pathId(call.url, 0));
            const task = await longPoll(call, new Query(call.url), (wait) =>
              wait === undefined ? kernel.get(id) : kernel.wait(id, wait),
            );
            return call.json(200, mcpHandle(task));
          },
        },
      },
    },
  ];
}

function toolToWire({ name, category, description, input_schema, annotations }: KernelTool): JsonObject {
  return {
    name,
    category,
    ...(description !== '' && { description }),
    input_schema,
    ...(annotations !== undefined && { metadata: { annotations: { ...annotations } } }),
  } as JsonObject;
}

async function callTool(call: Call, { kernel, limits }: ResolvedOptions): Promise<Response> {
  const options = submitOptions(call);
  const task = taskToSubmit(await jsonBody(call, limits.maxBodyBytes), options);
  await kernel.submit({ tasks: [task] }, options);
  return call.json(202, await handleOf(kernel, task.id));
}

/** A repeat with its key is answered after its task may have been deleted: what is left then is the first receipt. */
async function handleOf(kernel: Kernel, id: string): Promise<JsonObject> {
  try {
    return mcpHandle(await kernel.get(id));
  } catch (error) {
    if (!isExecGoError(error, 'not_found')) throw error;
    return { task_id: id, status: 'accepted', handle_id: id };
  }
}

/** @throws ExecGoError `invalid_input` beginning `invalid JSON: ` and naming the field */
function taskToSubmit(body: unknown, options: SubmitOptions): TaskInput & { readonly id: string } {
  const { id, tool_name, input, timeout } = checkedBody(McpCallBody, body, 'the body: expected an object');
  if (!tool_name) throw new ExecGoError('invalid_input', 'tool_name is required', { details: { field: 'tool_name' } });
  return {
    id: id || freshId(CATEGORY, options),
    type: CATEGORY,
    tool_name,
    ...(input !== undefined && { input }),
    ...(typeof timeout === 'number' && { timeout }),
  } as TaskInput & { readonly id: string };
}

/** The newest task that has this handle: its id, or the handle that another system gave it. */
async function taskOf(kernel: Kernel, handle: string): Promise<Task> {
  try {
    const task = await kernel.get(handle);
    if (task.spec.type === CATEGORY) return task;
  } catch (error) {
    if (!isExecGoError(error, 'not_found')) throw error;
  }
  const { tasks } = await kernel.list({ handle_id: handle, type: CATEGORY, limit: 1 });
  if (tasks[0] !== undefined) return tasks[0];
  throw new ExecGoError('not_found', `handle not found: ${handle}`, { details: { handle_id: handle } });
}
