import { ExecGoError, errorMessage, type TaskGraphInput, type TaskInput } from '@execgo/core';
import type { Task, TaskGraph } from './gen/execgo/v1/execgo_pb.js';

/**
 * The graph as the kernel takes it. Empty and zero fields are absent, and what the server owns is not looked at; what else is wrong
 * with it the kernel says.
 *
 * @throws ExecGoError `invalid_input` naming the field that is no JSON, or the number that is too large
 */
export function graphInput(graph: TaskGraph): TaskGraphInput {
  return { tasks: graph.tasks.map(taskInput) };
}

function taskInput(task: Task, at: number): TaskInput {
  const place = `tasks[${at}]`;
  return {
    id: task.id,
    type: task.type,
    ...(task.toolName !== '' && { tool_name: task.toolName }),
    ...(task.paramsJson !== '' && { params: parsedJson(task.paramsJson, `${place}.params_json`) }),
    ...(task.inputJson !== '' && { input: parsedJson(task.inputJson, `${place}.input_json`) }),
    ...(task.executionCategory !== '' && { execution_category: task.executionCategory }),
    ...(task.dependsOn.length > 0 && { depends_on: task.dependsOn }),
    ...(task.retry !== 0 && { retry: task.retry }),
    ...(task.timeoutMs !== 0n && { timeout: safeNumber(task.timeoutMs, `${place}.timeout_ms`) }),
    ...(Object.keys(task.annotations).length > 0 && { annotations: task.annotations }),
    ...(task.priority !== 0 && { priority: task.priority }),
    ...(task.onInterrupt !== '' && { on_interrupt: task.onInterrupt as 'retry' }),
  };
}

function parsedJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidField(field, errorMessage(error), 'invalid JSON: ');
  }
}

/** 64 bits carry numbers that JSON and JavaScript cannot. @throws ExecGoError `invalid_input` naming the field */
export function safeNumber(value: bigint, field: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw invalidField(field, `${value} is out of range (at most ${Number.MAX_SAFE_INTEGER})`);
}

export function invalidField(field: string, problem: string, prefix = ''): ExecGoError {
  return new ExecGoError('invalid_input', `${prefix}${field}: ${problem}`, { details: { field } });
}
