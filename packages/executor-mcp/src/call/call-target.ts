import { ExecGoError, isJsonObject, isReference, type Json, type TaskSpec } from '@execgo/core';

/** A smoke test that needs no server: answers with its input. */
export const ECHO = { server: 'demo', tool: 'echo' };

/** What a task of type `mcp` wants to be called. */
export interface CallTarget {
  /** Undefined while a reference stands for it. */
  readonly server: string | undefined;
  readonly tool: string | undefined;
  readonly arguments: Json;
  /** Where the arguments stand in the task, for messages. */
  readonly path: string;
}

/**
 * Reads the two ways to name a tool: `tool_name: "server.tool"` with the arguments as input, or an input
 * `{server, tool, arguments}`. The input is the task's `input`, else its `params`.
 *
 * @throws ExecGoError `invalid_input` naming the field
 */
export function callTarget(task: TaskSpec): CallTarget {
  const path = task.input === undefined && task.params !== undefined ? 'params' : 'input';
  const input = task[path] ?? {};
  const { tool_name } = task;
  if (tool_name !== undefined && tool_name !== '') {
    const dot = tool_name.indexOf('.');
    if (dot < 1 || dot === tool_name.length - 1) {
      throw new ExecGoError('not_found', `unknown tool ${JSON.stringify(tool_name)}: an MCP tool is named server.tool`);
    }
    return { server: tool_name.slice(0, dot), tool: tool_name.slice(dot + 1), arguments: input, path };
  }
  if (isReference(input)) return { server: undefined, tool: undefined, arguments: {}, path };
  if (!isJsonObject(input)) throw fieldError(path, 'expected {server, tool, arguments}');
  if (input.server === undefined && input.tool === undefined) {
    throw fieldError('tool_name', `is required: "server.tool", or ${path} {server, tool, arguments}`);
  }
  return {
    server: nameOf(input.server, `${path}.server`),
    tool: nameOf(input.tool, `${path}.tool`),
    arguments: input.arguments ?? {},
    path: `${path}.arguments`,
  };
}

function nameOf(value: unknown, field: string): string | undefined {
  if (isReference(value)) return undefined;
  if (typeof value !== 'string' || value === '') throw fieldError(field, 'expected a name');
  return value;
}

function fieldError(field: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `${field}: ${problem}`, { details: { field } });
}
