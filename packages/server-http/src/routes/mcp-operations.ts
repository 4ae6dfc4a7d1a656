import { WAIT } from '../long-poll.js';
import { jsonAnswer, type Operation, pathParameter } from '../openapi/operation.js';
import { IDEMPOTENCY_KEY } from '../openapi/parameters.js';
import { McpCall, McpHandle, McpTools } from '../schemas/mcp.js';

const TOOL = {
  name: 'files.read_file',
  category: 'mcp',
  description: 'Reads a file.',
  input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};

export const LIST_MCP_TOOLS: Operation = {
  operationId: 'listMcpTools',
  tag: 'mcp',
  summary: 'The tools of all MCP servers',
  answers: { 200: jsonAnswer('The tools.', McpTools, { tools: [TOOL] }) },
  errors: ['unavailable'],
};

export const CALL_MCP_TOOL: Operation = {
  operationId: 'callMcpTool',
  tag: 'mcp',
  summary: 'Call a tool of an MCP server',
  description:
    'The call is a task of type `mcp` like every other, and outlives the request. Its handle is the id of the task.',
  parameters: [IDEMPOTENCY_KEY],
  body: {
    description: 'The call.',
    schema: McpCall,
    example: { tool_name: 'files.read_file', input: { path: 'notes.txt' }, timeout: 20_000 },
  },
  answers: {
    202: jsonAnswer('It is durable.', McpHandle, { task_id: 'mcp-7f3a', status: 'accepted', handle_id: 'mcp-7f3a' }),
  },
  errors: ['not_found', 'conflict', 'resource_exhausted', 'unavailable'],
};

export const GET_MCP_HANDLE: Operation = {
  operationId: 'getMcpHandle',
  tag: 'mcp',
  summary: 'How a call stands, or wait for it',
  parameters: [pathParameter('handle', 'The `handle_id`.', 'mcp-7f3a'), WAIT],
  answers: {
    200: jsonAnswer('The handle; with `wait` as soon as the call has ended.', McpHandle, {
      task_id: 'mcp-7f3a',
      status: 'success',
      handle_id: 'mcp-7f3a',
      output: { text: 'buy milk' },
      attempt: 1,
    }),
  },
  errors: ['not_found', 'unavailable'],
};
