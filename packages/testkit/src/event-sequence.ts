import {
  applyEvent,
  type Json,
  type ReceiptSeed,
  type RunErrorCode,
  type RuntimeError,
  type SingleTaskEvent,
  type Task,
  type TaskEvent,
  type TaskSpec,
} from '@execgo/core';
import { spec } from './build-task.js';

export interface EventSequenceOptions {
  /** @default 1 */
  readonly firstSeq?: number;
  /** Time of the first event, epoch milliseconds; each further one is a millisecond later. @default 2026-01-01T00:00:00Z */
  readonly startMs?: number;
  /** @default 'g' */
  readonly graphId?: string;
}

type OmitFromEach<E, Keys extends PropertyKey> = E extends unknown ? Omit<E, Keys> : never;
type Unnumbered = OmitFromEach<SingleTaskEvent, 'seq' | 'timestamp' | 'graph_id'>;

/**
 * Makes events, each with the next seq and time. It decides nothing: illegal ones come out as well, for a test that wants
 * them. The graph is that of the task's own submission.
 */
export class EventSequence {
  /** Seq of the next event. */
  nextSeq: number;
  /** Graph that new tasks are submitted with. */
  graphId: string;
  private timestamp: number;
  private readonly graphOf = new Map<string, string>();

  constructor(options: EventSequenceOptions = {}) {
    this.nextSeq = options.firstSeq ?? 1;
    this.timestamp = options.startMs ?? Date.UTC(2026, 0, 1);
    this.graphId = options.graphId ?? 'g';
  }

  /** Begins a graph: tasks submitted from here on belong to it. */
  graph(
    graphId: string = this.graphId,
    extra: { readonly receipt?: ReceiptSeed; readonly actor?: string } = {},
  ): TaskEvent {
    this.graphId = graphId;
    return { type: 'graph_submitted', seq: this.nextSeq++, timestamp: this.timestamp++, graph_id: graphId, ...extra };
  }

  submitted(task: TaskSpec | string): SingleTaskEvent {
    const submittedSpec = typeof task === 'string' ? spec({ id: task }) : task;
    this.graphOf.set(submittedSpec.id, this.graphId);
    return this.next({ type: 'task_submitted', task_id: submittedSpec.id, spec: submittedSpec });
  }

  started(task_id: string, attempt = 1): SingleTaskEvent {
    return this.next({ type: 'task_started', task_id, attempt });
  }

  accepted(task_id: string, handle_id: string): SingleTaskEvent {
    return this.next({ type: 'task_accepted', task_id, handle_id });
  }

  retried(task_id: string, attempt = 1, error: RuntimeError = failure()): SingleTaskEvent {
    return this.next({ type: 'task_retried', task_id, attempt, error, not_before: this.timestamp + 100 });
  }

  reset(task_id: string, reason: 'shutdown' | 'crash' = 'crash'): SingleTaskEvent {
    return this.next({ type: 'task_reset', task_id, reason });
  }

  succeeded(task_id: string, result?: Json): SingleTaskEvent {
    return this.next({ type: 'task_succeeded', task_id, ...(result !== undefined && { result }) });
  }

  failed(task_id: string, error: RuntimeError = failure(), result?: Json): SingleTaskEvent {
    return this.next({ type: 'task_failed', task_id, error, ...(result !== undefined && { result }) });
  }

  cancelled(task_id: string, error: RuntimeError = failure('cancelled')): SingleTaskEvent {
    return this.next({ type: 'task_cancelled', task_id, error });
  }

  skipped(task_id: string, dependency: string, because: 'failed' | 'skipped' = 'failed'): SingleTaskEvent {
    return this.next({ type: 'task_skipped', task_id, dependency, because });
  }

  deleted(task_id: string): SingleTaskEvent {
    return this.next({ type: 'task_deleted', task_id });
  }

  /** Any event, numbered and dated. */
  next(event: Unnumbered): SingleTaskEvent {
    const graph_id = this.graphOf.get(event.task_id) ?? this.graphId;
    return { ...event, seq: this.nextSeq++, timestamp: this.timestamp++, graph_id };
  }
}

/** An error as the wire carries it. */
export function failure(code: RunErrorCode = 'external_failure', message = `failed: ${code}`): RuntimeError {
  return { code, message };
}

/** What a store must hold after these events: the plain fold, in order of submission. */
export function foldEvents(events: Iterable<TaskEvent>): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (const event of events) {
    if (event.type === 'graph_submitted') continue;
    const after = applyEvent(tasks.get(event.task_id), event);
    if (after === undefined || event.type === 'task_submitted') tasks.delete(event.task_id);
    if (after !== undefined) tasks.set(event.task_id, after);
  }
  return tasks;
}
