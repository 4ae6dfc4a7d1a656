import {
  ExecGoError,
  type GraphSummary,
  isTerminal,
  Task,
  TaskRuntime,
  type TaskStatus,
  type TaskStore,
} from '@execgo/core';
import type { Attempt } from './attempt.js';

/** A running task with the notes its attempt has made so far; they are not durable before the attempt ends. */
export function withLiveProgress(task: Task, attempt: Attempt): Task {
  const run = task.runtime;
  if (attempt.progressEntries === undefined || run === undefined || task.status !== 'running') return task;
  const runtime = new TaskRuntime(
    run.status,
    run.attempt,
    run.started_at,
    run.finished_at,
    run.handle_id,
    run.output,
    run.error,
    run.details,
    [...attempt.progressEntries],
    run.not_before,
    run.crash_resets,
  );
  const { spec, graph_id, status, created_at, updated_at, submitted_seq, last_seq, error } = task;
  return new Task(spec, graph_id, status, created_at, updated_at, submitted_seq, last_seq, error, runtime);
}

/** @throws ExecGoError `not_found` when no task of the graph is there */
export async function summarise(graphId: string, store: TaskStore): Promise<GraphSummary> {
  const counts: Partial<Record<TaskStatus, number>> = {};
  const ids: string[] = [];
  let done = true;
  let before: number | undefined;
  do {
    const page = await store.list({ graph_id: graphId, ...(before !== undefined && { before }) });
    for (const { id, status } of page.tasks) {
      ids.push(id);
      counts[status] = (counts[status] ?? 0) + 1;
      done &&= isTerminal(status);
    }
    before = page.next;
  } while (before !== undefined);
  if (ids.length === 0) throw graphNotFound(graphId);
  return { graph_id: graphId, counts, task_ids: ids.reverse(), done };
}

function graphNotFound(graphId: string): ExecGoError {
  return new ExecGoError('not_found', `graph not found: ${graphId}`, { details: { graph_id: graphId } });
}

export function taskNotFound(id: string): ExecGoError {
  return new ExecGoError('not_found', `task not found: ${id}`, { details: { task_id: id } });
}
