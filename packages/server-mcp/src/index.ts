export { createMcpHandler, type McpHandler, type McpHandlerOptions, type McpRequestInfo } from './handler.js';
export type { McpLogger } from './logger.js';
export { DEFAULT_MCP_LIMITS, type McpClock, type McpLimitOptions, type McpServerOptions } from './options.js';
export { type McpStdioOptions, type McpStdioServer, serveMcpStdio } from './stdio.js';
