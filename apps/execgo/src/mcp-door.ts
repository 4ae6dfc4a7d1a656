import type { Door } from '@execgo/server-http';
import type { McpHandler, McpHandlerOptions } from '@execgo/server-mcp';

/** `/mcp`. Its SDK is loaded with the first request: it takes longer to load than the rest of the server. */
export function mcpDoor(options: McpHandlerOptions): Door {
  let handler: Promise<McpHandler> | undefined;
  return {
    path: '/mcp',
    async fetch(request, context) {
      handler ??= import('@execgo/server-mcp').then(({ createMcpHandler }) => createMcpHandler(options));
      return (await handler).fetch(request, context);
    },
  };
}
