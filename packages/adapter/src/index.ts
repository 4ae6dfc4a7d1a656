export { ACTION_KINDS, type ActionKind, ADAPTER_SCHEMA } from './action-kind.js';
export { type AgentTool, agentTools, MAX_AGENT_TOOL_NAME } from './agent-tool.js';
export { type AdapterCapabilities, adapterCapabilities } from './capabilities.js';
export { checkTranslatedGraph } from './check-graph.js';
export { TASK_GRAPH_SCHEMA } from './input-schema.js';
export { isToolPattern, type ToolFilter, toolFilter } from './tool-filter.js';
export { type FormattedTools, formatTools, TOOL_FORMATS, type ToolCall, type ToolFormat } from './tool-format.js';
export { type AdapterTool, type ToolManifest, toolManifest } from './tool-manifest.js';
export { type TranslateOptions, type Translation, type TranslationTrace, translateAction } from './translate.js';
