import type { JsonObject, KernelTool } from '@execgo/core';
import { ACTION_KINDS, type ActionKind, ADAPTER_SCHEMA, aliasesOf } from './action-kind.js';
import { mcpInputSchema, runtimeInputSchema, SUBMIT_INPUT_SCHEMA } from './input-schema.js';

/** One kind of action, as an agent is shown it. */
export interface AdapterTool {
  readonly name: string;
  readonly action_kind: ActionKind;
  readonly category: string;
  readonly description: string;
  /** JSON Schema of the action's `input`. */
  readonly input_schema: JsonObject;
  readonly aliases?: readonly string[];
}

export interface ToolManifest {
  readonly schema_version: string;
  readonly tools: readonly AdapterTool[];
}

const DESCRIPTIONS: Readonly<Record<ActionKind, string>> = {
  'os.shell': 'Runs a program or a shell script in the workspace.',
  'os.file': 'Reads, writes, appends to, lists, deletes or examines a file of the workspace.',
  'os.http': 'Sends an HTTP request.',
  'os.dns': 'Looks up a name in the DNS.',
  'os.tcp': 'Tries whether a TCP connection can be made.',
  'os.sleep': 'Waits.',
  'os.noop': 'Does nothing and succeeds.',
  'runtime.command': 'Runs a program on an execgo-runtime server, under its limits and its sandbox.',
  'runtime.script': 'Runs a script on an execgo-runtime server, under its limits and its sandbox.',
  'mcp.call': 'Calls a tool of an MCP server that the operator has configured.',
  'cli.run': 'Runs a program with arguments in the workspace, as cli-skills do.',
  'task_graph.submit': 'Submits a graph of tasks that depend on each other.',
};
const ANY_OBJECT: JsonObject = { type: 'object' };

/**
 * Every kind of action with the schema of its input, in one order for ever.
 *
 * @param tools what the kernel has: os tools and `cli.run` are described by it, `mcp.call` names its MCP tools
 */
export function toolManifest(tools: readonly KernelTool[]): ToolManifest {
  return { schema_version: ADAPTER_SCHEMA, tools: ACTION_KINDS.map((kind) => adapterTool(kind, tools)) };
}

function adapterTool(kind: ActionKind, tools: readonly KernelTool[]): AdapterTool {
  const category = categoryOf(kind);
  const ownName = kind === 'cli.run' ? kind : kind.slice(kind.indexOf('.') + 1);
  const kernelTool = tools.find((tool) => tool.category === category && tool.name === ownName);
  const aliases = aliasesOf(kind);
  return {
    name: `execgo.${kind}`,
    action_kind: kind,
    category,
    description: kernelTool?.description || DESCRIPTIONS[kind],
    input_schema: inputSchema(kind, kernelTool, tools),
    ...(aliases.length > 0 && { aliases }),
  };
}

function categoryOf(kind: ActionKind): string {
  if (kind === 'task_graph.submit') return 'task-dsl';
  return kind === 'cli.run' ? 'cli-skills' : kind.slice(0, kind.indexOf('.'));
}

function inputSchema(kind: ActionKind, kernelTool: KernelTool | undefined, tools: readonly KernelTool[]): JsonObject {
  switch (kind) {
    case 'task_graph.submit':
      return SUBMIT_INPUT_SCHEMA;
    case 'mcp.call':
      return mcpInputSchema(tools);
    case 'runtime.command':
    case 'runtime.script':
      return runtimeInputSchema(kind);
    default:
      return kernelTool?.input_schema ?? ANY_OBJECT;
  }
}
