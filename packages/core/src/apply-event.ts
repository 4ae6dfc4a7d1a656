import { ExecGoError } from './errors.js';
import type {
  SingleTaskEvent,
  TaskAccepted,
  TaskCancelled,
  TaskFailed,
  TaskReset,
  TaskRetried,
  TaskStarted,
  TaskSucceeded,
} from './event.js';
import { type RunStatus, Task, TaskRuntime, type TaskStatus } from './task.js';
import { isLegal, statusAfter } from './transition.js';

/** A task found running by this many crashes in a row is failed instead of being run again. */
export const MAX_CRASH_RESETS = 3;

/**
 * The fold: the task after an event. Pure, and the only code that writes a status.
 *
 * @param task the task before, undefined when it is absent
 * @returns undefined when the event deletes the task
 * @throws ExecGoError `internal` for an event that is illegal in this state: whoever decides asks `isLegal` first, so in a
 * fold it means that the store is damaged
 */
export function applyEvent(task: Task | undefined, event: SingleTaskEvent): Task | undefined {
  if (!isLegal(task?.status ?? 'absent', event.type)) throw illegal(task, event);
  if (event.type === 'task_submitted') return submitted(event);
  if (event.type === 'task_deleted' || task === undefined) return undefined;
  return successor(task, event, messageAfter(event), runtimeAfter(task, event));
}

type ChangingEvent = Exclude<SingleTaskEvent, { type: 'task_submitted' | 'task_deleted' }>;

function submitted(event: Extract<SingleTaskEvent, { type: 'task_submitted' }>): Task {
  const { spec, graph_id, timestamp, seq } = event;
  return new Task(spec, graph_id, 'pending', timestamp, timestamp, seq, seq, undefined, undefined);
}

function successor(
  task: Task,
  event: ChangingEvent,
  error: string | undefined,
  runtime: TaskRuntime | undefined,
): Task {
  const status = statusAfter(event.type) as TaskStatus;
  return new Task(
    task.spec,
    task.graph_id,
    status,
    task.created_at,
    event.timestamp,
    task.submitted_seq,
    event.seq,
    error,
    runtime,
  );
}

function messageAfter(event: ChangingEvent): string | undefined {
  if (event.type === 'task_failed' || event.type === 'task_cancelled' || event.type === 'task_retried') {
    return event.error.message;
  }
  return event.type === 'task_skipped' ? `dependency ${event.dependency} ${event.because}` : undefined;
}

function runtimeAfter(task: Task, event: ChangingEvent): TaskRuntime | undefined {
  switch (event.type) {
    case 'task_started':
      return started(task.runtime, event);
    case 'task_accepted':
      return accepted(task.runtime, event);
    case 'task_retried':
      return retried(task.runtime, event);
    case 'task_reset':
      return reset(task.runtime, event);
    case 'task_succeeded':
      return ended(task.runtime, event, 'success');
    case 'task_failed':
      return ended(task.runtime, event, 'failed');
    case 'task_cancelled':
      return ended(task.runtime, event, 'cancelled');
    case 'task_skipped':
      return undefined;
  }
}

/** The handle stays, so that an executor can re-attach to work that outlived an earlier life of the server. */
function started(before: TaskRuntime | undefined, event: TaskStarted): TaskRuntime {
  return new TaskRuntime(
    'running',
    event.attempt,
    event.timestamp,
    undefined,
    before?.handle_id,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    before?.crash_resets ?? 0,
  );
}

function accepted(before: TaskRuntime | undefined, event: TaskAccepted): TaskRuntime {
  return new TaskRuntime(
    'accepted',
    before?.attempt ?? 1,
    before?.started_at,
    undefined,
    event.handle_id,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    before?.crash_resets ?? 0,
  );
}

/** A new attempt is new work: it does not take over the handle of the failed one. A null result is none, as on the wire. */
function retried(before: TaskRuntime | undefined, event: TaskRetried): TaskRuntime {
  return new TaskRuntime(
    'retrying',
    event.attempt,
    before?.started_at,
    event.timestamp,
    undefined,
    event.result ?? undefined,
    event.error,
    undefined,
    undefined,
    event.not_before,
    0,
  );
}

/** The interrupted attempt does not count: the next one carries its number. */
function reset(before: TaskRuntime | undefined, event: TaskReset): TaskRuntime {
  const crashes = event.reason === 'crash' ? (before?.crash_resets ?? 0) + 1 : (before?.crash_resets ?? 0);
  return new TaskRuntime(
    'retrying',
    Math.max(0, (before?.attempt ?? 1) - 1),
    before?.started_at,
    undefined,
    before?.handle_id,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    crashes,
  );
}

function ended(
  before: TaskRuntime | undefined,
  event: TaskSucceeded | TaskFailed | TaskCancelled,
  status: RunStatus,
): TaskRuntime {
  return new TaskRuntime(
    status,
    before?.attempt ?? 0,
    before?.started_at,
    event.timestamp,
    before?.handle_id,
    event.result ?? undefined,
    event.type === 'task_succeeded' ? undefined : event.error,
    event.details ?? undefined,
    event.progress,
    undefined,
    0,
  );
}

function illegal(task: Task | undefined, event: SingleTaskEvent): ExecGoError {
  const state = task === undefined ? 'absent' : task.status;
  return new ExecGoError(
    'internal',
    `event ${event.type} (seq ${event.seq}) is illegal: task "${event.task_id}" is ${state}`,
    {
      details: { seq: event.seq, task_id: event.task_id, status: state },
    },
  );
}
