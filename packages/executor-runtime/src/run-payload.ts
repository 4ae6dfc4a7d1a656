import type { JsonObject, RunContext, TaskSpec } from '@execgo/core';
import type { ResolvedRuntimeOptions } from './options.js';
import type { RunRequest } from './run-input.js';

/** What is asked of the runtime for one attempt, and who may end it. */
export interface RunPayload {
  readonly payload: JsonObject;
  /** The runtime lets nobody else kill the run. */
  readonly owner: string | undefined;
}

/**
 * The body of `POST /api/v1/tasks`. What the task says is passed on; the operator's tenant and owner, the time and the amount of
 * output fill in where it says nothing.
 *
 * @param id the run's own, which no other has: the task's may run several times
 */
export function runPayload(
  request: RunRequest,
  id: string,
  task: TaskSpec,
  run: RunContext,
  { tenant, owner, maxOutputBytes }: ResolvedRuntimeOptions,
): RunPayload {
  const context = {
    ...(tenant !== undefined && { tenant }),
    ...(owner !== undefined && { owner }),
    ...request.control_context,
  };
  const payload = {
    ...request,
    task_id: id,
    limits: {
      // The run is not to outlive the attempt even where nobody is left to end it.
      ...(task.timeout > 0 && { wall_time_ms: task.timeout }),
      stdout_max_bytes: maxOutputBytes,
      stderr_max_bytes: maxOutputBytes,
      ...request.limits,
    },
    ...(Object.keys(context).length > 0 && { control_context: context }),
    metadata: { ...request.metadata, execgo_task_id: task.id, execgo_run: run.runId },
  } as unknown as JsonObject;
  return { payload, owner: context.owner };
}
