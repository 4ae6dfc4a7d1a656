import type { JsonObject, KernelTool, ToolAnnotations } from '@execgo/core';
import { ADAPTER_SCHEMA } from './action-kind.js';
import { type AgentTool, agentTools } from './agent-tool.js';
import { TASK_GRAPH_SCHEMA } from './input-schema.js';
import { plainObjectSchema } from './plain-object-schema.js';

/** APIs in whose own shape tools can be listed. */
export const TOOL_FORMATS = ['openai', 'anthropic', 'mcp'] as const;
export type ToolFormat = (typeof TOOL_FORMATS)[number];

/** What a call of a tool comes to: the beginning of a task, whose `input` are the arguments, or the kind of an action. */
export type ToolCall = { readonly type: string; readonly tool_name: string } | { readonly action_kind: string };

export interface FormattedTools {
  readonly schema_version: string;
  /** For the API of that name, as they are. */
  readonly tools: readonly JsonObject[];
  /** What each of them is to ExecGo, by the name that the model calls. */
  readonly calls: Readonly<Record<string, ToolCall>>;
}

/** The OpenAI API takes no longer one. */
const MAX_DESCRIPTION = 1024;

const SUBMIT: KernelTool = {
  category: 'task_graph',
  name: 'submit',
  description:
    'Submits a graph of tasks that depend on each other; each runs as soon as what it depends on has succeeded. Answers ' +
    'with the ids of the tasks.',
  input_schema: TASK_GRAPH_SCHEMA,
};

/**
 * Every tool of the kernel and `task_graph__submit`, as `agentTools` names them, in the shape of an API:
 * `openai` the `tools` of Chat Completions, `anthropic` those of Messages, `mcp` the result of `tools/list`.
 */
export function formatTools(tools: readonly KernelTool[], format: ToolFormat): FormattedTools {
  const named = agentTools([...tools, SUBMIT]);
  return {
    schema_version: ADAPTER_SCHEMA,
    tools: named.map(SHAPES[format]),
    calls: Object.fromEntries(named.map(({ agentName, tool }) => [agentName, callOf(tool)])),
  };
}

const SHAPES: Readonly<Record<ToolFormat, (tool: AgentTool) => JsonObject>> = {
  openai: ({ agentName, tool }) => ({
    type: 'function',
    function: {
      name: agentName,
      description: clipped(tool.description),
      parameters: plainObjectSchema(tool.input_schema),
    },
  }),
  anthropic: ({ agentName, tool }) => ({
    name: agentName,
    description: tool.description,
    input_schema: plainObjectSchema(tool.input_schema),
  }),
  mcp: ({ agentName, tool }) => ({
    name: agentName,
    description: tool.description,
    inputSchema: tool.input_schema,
    ...(tool.annotations !== undefined && { annotations: hintsOf(tool.annotations) }),
  }),
};

function callOf(tool: KernelTool): ToolCall {
  return tool === SUBMIT ? { action_kind: 'task_graph.submit' } : { type: tool.category, tool_name: tool.name };
}

function hintsOf({ read_only, destructive, idempotent, open_world }: ToolAnnotations): JsonObject {
  return {
    ...(read_only !== undefined && { readOnlyHint: read_only }),
    ...(destructive !== undefined && { destructiveHint: destructive }),
    ...(idempotent !== undefined && { idempotentHint: idempotent }),
    ...(open_world !== undefined && { openWorldHint: open_world }),
  };
}

function clipped(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1)}…`;
}
