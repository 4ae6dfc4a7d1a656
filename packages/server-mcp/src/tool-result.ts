import { type ErrorCode, isExecGoError, type Json, type JsonObject, type Task } from '@execgo/core';
import { type CallToolResult, isCallToolResult } from '@modelcontextprotocol/server';

/** What failed, in the words of the kernel. */
export interface ToolFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** An answer that is a JSON object: for programs as it is, for models as text. */
export function structuredResult(value: JsonObject): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

/** An error that the model is to see and to act on: `code: message`, and the same for programs. */
function errorResult({ code, message, details }: ToolFailure, about: JsonObject = {}): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${message}` }],
    structuredContent: { ...about, error: { code, message, ...(details !== undefined && { details }) } },
  };
}

/** The same for whatever was thrown; undefined for what is a defect, and not to be shown. */
export function thrownResult(error: unknown, about?: JsonObject): CallToolResult | undefined {
  return isExecGoError(error) ? errorResult(error, about) : undefined;
}

/**
 * What a task of one tool came to. Its id goes along for whoever wants to look at it later. The result of a tool of another MCP
 * server is passed on as that server gave it, with its images and its structured content.
 */
export function taskResult(task: Task): CallToolResult {
  const passed = task.spec.type === 'mcp' ? passedOn(task) : undefined;
  if (task.status === 'success') {
    return withTask(task, passed ?? { content: textOf(task.result), ...structuredOf(task.result) });
  }
  const error = task.runtime?.error;
  const failure = { code: error?.code ?? 'unknown', message: task.error ?? task.status, details: undefined };
  const failed = errorResult(failure, task.result === undefined ? {} : { result: task.result });
  return withTask(task, { ...failed, content: [...failed.content, ...(passed?.content ?? textOf(task.result))] });
}

function withTask(task: Task, result: CallToolResult): CallToolResult {
  return { ...result, _meta: { 'execgo/task_id': task.id, 'execgo/graph_id': task.graph_id } };
}

function passedOn({ result }: Task): CallToolResult | undefined {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return undefined;
  const { content, structured_content } = result as JsonObject;
  const passed = { content, ...(structured_content !== undefined && { structuredContent: structured_content }) };
  return isCallToolResult(passed) && passed.content.length > 0 ? passed : undefined;
}

function textOf(value: Json | undefined): CallToolResult['content'] {
  if (value === undefined) return [];
  return [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }];
}

/** Clients of 2025-11-25 take objects alone. */
function structuredOf(value: Json | undefined): Pick<CallToolResult, 'structuredContent'> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? { structuredContent: value as JsonObject } : {};
}
