import type { SingleTaskEvent } from './event.js';
import type { TaskStatus } from './task.js';

/** The status of a task that is not there (never submitted, or deleted). */
export type Absent = 'absent';
export type AnyStatus = TaskStatus | Absent;

interface Rule {
  readonly from: readonly AnyStatus[];
  readonly to: AnyStatus;
}

/** The whole life of a task: which event is legal in which status, and the status it leads to. */
export const TRANSITIONS: Readonly<Record<SingleTaskEvent['type'], Rule>> = {
  task_submitted: { from: ['absent', 'success', 'failed', 'skipped'], to: 'pending' },
  task_started: { from: ['pending'], to: 'running' },
  task_accepted: { from: ['running'], to: 'running' },
  task_retried: { from: ['running'], to: 'pending' },
  task_reset: { from: ['running'], to: 'pending' },
  task_succeeded: { from: ['running'], to: 'success' },
  task_failed: { from: ['pending', 'running'], to: 'failed' },
  task_cancelled: { from: ['pending', 'running'], to: 'failed' },
  task_skipped: { from: ['pending'], to: 'skipped' },
  task_deleted: { from: ['success', 'failed', 'skipped'], to: 'absent' },
};

/** Whether an event of this type may happen to a task in this status: asked before anything is written. */
export function isLegal(status: AnyStatus, type: SingleTaskEvent['type']): boolean {
  return TRANSITIONS[type].from.includes(status);
}

/** The status after an event of this type. */
export function statusAfter(type: SingleTaskEvent['type']): AnyStatus {
  return TRANSITIONS[type].to;
}
