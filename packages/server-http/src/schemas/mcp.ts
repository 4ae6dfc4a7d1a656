import * as v from 'valibot';
import { json, Progress, RunError, time } from './task.js';

const text = v.string('expected a string');

/** A call of an MCP tool. */
export const McpCall = v.object({
  id: v.nullish(v.pipe(text, v.description('Becomes the id of the task. Default: a fresh one.'))),
  tool_name: v.pipe(text, v.description('`server.tool`')),
  input: v.exactOptional(json('Arguments of the tool.')),
  timeout: v.nullish(
    v.pipe(v.number('expected an integer'), v.safeInteger('expected an integer'), v.description('Milliseconds.')),
  ),
});

/** The same as it is checked: that the name of the tool is missing is said in a sentence of its own. */
export const McpCallBody = v.object({ ...McpCall.entries, tool_name: v.nullish(text) });

export const McpHandle = v.object({
  task_id: v.string(),
  status: v.picklist(['accepted', 'running', 'retrying', 'success', 'failed', 'cancelled']),
  handle_id: v.string(),
  output: v.exactOptional(json('What the tool gave.')),
  details: v.exactOptional(json('Facts about the attempt.')),
  progress: v.exactOptional(v.array(Progress)),
  started_at: v.exactOptional(time('Start of the newest attempt.')),
  finished_at: v.exactOptional(time('Its end.')),
  duration_ms: v.exactOptional(v.pipe(v.number(), v.integer())),
  attempt: v.exactOptional(v.pipe(v.number(), v.integer())),
  error: v.exactOptional(RunError),
});

export const McpTool = v.object({
  name: v.string(),
  category: v.literal('mcp'),
  description: v.exactOptional(v.string()),
  input_schema: v.pipe(v.record(v.string(), v.unknown()), v.description('JSON Schema.')),
  metadata: v.exactOptional(v.record(v.string(), v.unknown())),
});

export const McpTools = v.object({ tools: v.array(McpTool) });
