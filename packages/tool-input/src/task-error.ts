import { ExecGoError, isExecGoError, type TaskSpec } from '@execgo/core';

/** The error of a check with the task's id before its message; what is not one of ours as it is. */
export function withTask(error: unknown, task: Pick<TaskSpec, 'id'>): unknown {
  if (!isExecGoError(error)) return error;
  return new ExecGoError(error.code, `task ${JSON.stringify(task.id)}: ${error.message}`, {
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: error,
  });
}
