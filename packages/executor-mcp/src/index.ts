export { type ParsedMcpConfig, parseMcpConfig, readMcpConfig } from './config/parse-config.js';
export {
  ERAS,
  type Era,
  type HttpServerConfig,
  type McpServerConfig,
  type McpServerSettings,
  type RestartSettings,
  type SandboxSettings,
  type StdioServerConfig,
} from './config/server-config.js';
export { createMcpExecutor } from './mcp-executor.js';
export type { McpExecutorOptions, McpNote } from './options.js';
