export { type AgentTool, agentTools, MAX_AGENT_TOOL_NAME } from './agent-tool.js';
