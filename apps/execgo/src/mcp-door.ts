import type { Door } from '@execgo/server-http';
import type { McpHandler, McpHandlerOptions } from '@execgo/server-mcp';

/** ExecGo as an MCP server. The SDK takes longer to load than the rest of a server, so that is left to the first request. */
export function mcpDoor(options: McpHandlerOptions): Door {
  let loading: Promise<McpHandler> | undefined;
  return {
    path: '/mcp',
    async fetch(request, context) {
      loading ??= import('@execgo/server-mcp')
        .then(({ createMcpHandler }) => createMcpHandler(options))
        .catch((error: unknown) => {
          loading = undefined;
          throw error;
        });
      const handler = await loading;
      return handler.fetch(request, context);
    },
  };
}
