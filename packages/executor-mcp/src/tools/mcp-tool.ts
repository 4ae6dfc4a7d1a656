import type { JsonObject, Tool, ToolAnnotations } from '@execgo/core';
import type { Tool as SdkTool } from '@modelcontextprotocol/client';
import { ArgumentChecker } from './check-arguments.js';

/** A tool as its server describes it. */
export interface McpTool {
  readonly name: string;
  readonly forAgents: Tool;
  /** Doing it twice does no more than doing it once: the server says that it is read-only or idempotent. */
  readonly isRepeatable: boolean;
  readonly arguments: ArgumentChecker;
}

export function mcpTool(server: string, tool: SdkTool): McpTool {
  const annotations = annotationsOf(tool.annotations);
  const schema = tool.inputSchema as JsonObject;
  let checker: ArgumentChecker | undefined;
  return {
    name: tool.name,
    forAgents: {
      name: `${server}.${tool.name}`,
      description:
        tool.description?.trim() || tool.title?.trim() || `The tool ${tool.name} of the MCP server ${server}.`,
      input_schema: schema,
      ...(annotations === undefined ? {} : { annotations }),
    },
    isRepeatable: annotations?.read_only === true || annotations?.idempotent === true,
    // Most tools of a list are never called.
    get arguments() {
      checker ??= new ArgumentChecker(schema);
      return checker;
    },
  };
}

/** Where the server says nothing, nothing is said: MCP's defaults are assumptions, not facts. */
function annotationsOf(hints: SdkTool['annotations']): ToolAnnotations | undefined {
  if (hints === undefined) return undefined;
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = hints;
  const annotations = {
    ...(readOnlyHint === undefined ? {} : { read_only: readOnlyHint }),
    ...(destructiveHint === undefined ? {} : { destructive: destructiveHint }),
    ...(idempotentHint === undefined ? {} : { idempotent: idempotentHint }),
    ...(openWorldHint === undefined ? {} : { open_world: openWorldHint }),
  };
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}
