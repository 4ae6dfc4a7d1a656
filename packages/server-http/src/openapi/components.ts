import * as event from '../schemas/event.js';
import * as mcp from '../schemas/mcp.js';
import * as output from '../schemas/output.js';
import * as server from '../schemas/server.js';
import * as task from '../schemas/task.js';

/** Schemas that have a name in the document. */
export const NAMED_SCHEMAS = {
  TaskInput: task.TaskInput,
  TaskGraph: task.TaskGraph,
  Receipt: task.Receipt,
  Task: task.Task,
  RunError: task.RunError,
  Progress: task.Progress,
  GraphSummary: task.GraphSummary,
  Event: event.Event,
  Output: output.Output,
  McpCall: mcp.McpCall,
  McpHandle: mcp.McpHandle,
  McpTool: mcp.McpTool,
  Skill: server.Skill,
  Health: server.Health,
  Metrics: server.Metrics,
  Error: server.ErrorBody,
};
