import { type JsonObject, type Task, toWire } from '@execgo/core';

/** A handle: a call of an MCP tool as clients of the first version see it. The handle of a task of type `mcp` is its id. */
export function mcpHandle(task: Task): JsonObject {
  const { id, handle_id, progress, runtime, error } = toWire(task);
  const run = (runtime ?? {}) as JsonObject;
  return {
    task_id: id,
    status: handleStatus(task),
    handle_id: handle_id ?? id,
    ...pick(run, ['output', 'details']),
    ...(progress !== undefined && { progress }),
    ...pick(run, ['started_at', 'finished_at', 'duration_ms', 'attempt', 'error']),
    // A skipped task never ran: why is all there is.
    ...(task.status === 'skipped' && { error: { code: 'cancelled', message: error } }),
  } as JsonObject;
}

/** The statuses of a run; one that has not begun is accepted. */
function handleStatus({ status, run_status }: Task): string {
  if (run_status !== undefined) return run_status;
  return status === 'skipped' ? 'cancelled' : 'accepted';
}

function pick(from: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  ) as JsonObject;
}
