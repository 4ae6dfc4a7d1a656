import type { McpServerOptions } from '@execgo/server-mcp';
import type { Settings } from './settings/table.js';

/** What the settings say about ExecGo as an MCP server, by whichever door. */
export function mcpOptions({ mcpTools, maxBody }: Settings): Pick<McpServerOptions, 'tools' | 'limits'> {
  return { tools: mcpTools, limits: { maxMessageBytes: maxBody } };
}
