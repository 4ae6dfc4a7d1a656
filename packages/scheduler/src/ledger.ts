import {
  type Clock,
  ExecGoError,
  isLegal,
  type Json,
  jsonSize,
  type ProgressEntry,
  type ReceiptSeed,
  type RuntimeError,
  type SingleTaskEvent,
  statusAfter,
  type TaskEvent,
  type TaskGraph,
  type TaskStatus,
} from '@execgo/core';
import type { CommitLog } from './commit-log.js';
import type { GraphEntry, GraphIndex, TaskNode } from './graph-index.js';

/** What an event is counted with, besides what it carries. */
const EVENT_BYTES = 160;
const SIZE_LIMIT = Number.MAX_SAFE_INTEGER;

/** What the last event of an attempt keeps of it. */
export interface Remains {
  readonly result: Json | undefined;
  readonly details: Json | undefined;
  readonly progress: readonly ProgressEntry[] | undefined;
}

/**
 * DECIDE: turns a command on a task into events, changes what the index says of it by the table of legal transitions, and
 * hands the events to the commit log. The only maker of events. What one call adds goes into one append.
 */
export class Ledger {
  constructor(
    private readonly index: GraphIndex,
    private readonly log: CommitLog,
    private readonly clock: Clock,
  ) {}

  /** Adds a graph to the index, all tasks pending. */
  submitGraph(
    graphId: string,
    graph: TaskGraph,
    actor: string | undefined,
    receipt: ReceiptSeed | undefined,
  ): GraphEntry {
    const timestamp = this.clock.now();
    const seq = this.log.nextSeq();
    const head = { seq, type: 'graph_submitted', timestamp, graph_id: graphId } as const;
    const event = { ...head, ...(actor !== undefined && { actor }), ...(receipt !== undefined && { receipt }) };
    this.log.add(event, undefined, EVENT_BYTES + (receipt?.task_ids.length ?? 0) * 16);
    const entry = this.index.addGraph(graphId, graph);
    entry.submittedSeqs = seq + 1;
    for (const node of entry.nodes as TaskNode[]) {
      const { spec } = node;
      const bytes = EVENT_BYTES + sizeOf(spec.input) + (spec.params === spec.input ? 0 : sizeOf(spec.params));
      this.log.add(
        { seq: this.log.nextSeq(), type: 'task_submitted', timestamp, graph_id: graphId, task_id: spec.id, spec },
        node,
        bytes,
      );
    }
    return entry;
  }

  // The two events of every attempt are written out: building them by spread costs more than everything else here.
  // Who calls has just read the clock: `timestamp` is epoch milliseconds.
  started(node: TaskNode, timestamp: number): void {
    this.move(node, 'task_started');
    node.attempt += 1;
    const event: TaskEvent = {
      seq: this.log.nextSeq(),
      type: 'task_started',
      timestamp,
      graph_id: node.graph.id,
      task_id: node.spec.id,
      attempt: node.attempt,
    };
    this.add(node, event, 0, true);
  }

  succeeded(node: TaskNode, { result, details, progress }: Remains, timestamp: number): void {
    this.move(node, 'task_succeeded');
    const event: TaskEvent = {
      seq: this.log.nextSeq(),
      type: 'task_succeeded',
      timestamp,
      graph_id: node.graph.id,
      task_id: node.spec.id,
      result,
      details,
      progress,
    };
    this.add(node, event, sizeOf(result) + sizeOf(details) + (progress?.length ?? 0) * EVENT_BYTES);
  }

  accepted(node: TaskNode, handle: string): void {
    this.add(node, { ...this.enter(node, 'task_accepted'), handle_id: handle }, handle.length);
  }

  /** @param notBefore epoch milliseconds */
  retried(node: TaskNode, error: RuntimeError, result: Json | undefined, notBefore: number): void {
    const event = { ...this.enter(node, 'task_retried'), attempt: node.attempt, error, not_before: notBefore };
    node.crashResets = 0;
    this.add(node, { ...event, result }, sizeOf(result));
  }

  /** The attempt under way does not count. */
  reset(node: TaskNode, reason: 'shutdown' | 'crash'): void {
    const head = this.enter(node, 'task_reset');
    node.attempt = Math.max(0, node.attempt - 1);
    if (reason === 'crash') node.crashResets += 1;
    this.add(node, { ...head, reason }, 0);
  }

  /** With everything downstream skipped in the same append. */
  failed(node: TaskNode, error: RuntimeError, remains: Remains): void {
    this.add(node, { ...this.enter(node, 'task_failed'), error, ...remains }, sizeOfRemains(remains));
    this.skipDependents(node);
  }

  /** With everything downstream skipped in the same append. */
  cancelled(node: TaskNode, error: RuntimeError, actor: string | undefined, remains: Remains): void {
    const event = { ...this.enter(node, 'task_cancelled'), error, ...remains };
    this.add(node, actor === undefined ? event : { ...event, actor }, sizeOfRemains(remains));
    this.skipDependents(node);
  }

  /** Skips a task because a dependency did not succeed, and everything downstream of it. */
  skipped(node: TaskNode, dependency: string, because: 'failed' | 'skipped'): void {
    this.skip(node, dependency, because);
    this.skipDependents(node);
  }

  /** The task is terminal, nobody depends on it, and perhaps the index does not know it any more. */
  deleted(taskId: string, graphId: string, actor: string | undefined): void {
    const head = { seq: this.log.nextSeq(), timestamp: this.clock.now(), graph_id: graphId, task_id: taskId } as const;
    const event = { ...head, type: 'task_deleted', ...(actor !== undefined && { actor }) } as const;
    this.log.add(event, undefined, EVENT_BYTES);
  }

  /** Iterative: a chain of 100,000 tasks does not touch the stack. */
  private skipDependents(node: TaskNode): void {
    const open: TaskNode[] = [node];
    for (let cause = open.pop(); cause !== undefined; cause = open.pop()) {
      const { id } = cause;
      const because = cause.status === 'skipped' ? 'skipped' : 'failed';
      this.index.forEachDependent(cause, (dependent) => {
        if (dependent.status !== 'pending') return;
        this.skip(dependent, id, because);
        open.push(dependent);
      });
    }
  }

  private skip(node: TaskNode, dependency: string, because: 'failed' | 'skipped'): void {
    this.add(node, { ...this.enter(node, 'task_skipped'), dependency, because }, 0);
  }

  /** Changes the status, as the table of transitions says. */
  private move(node: TaskNode, type: SingleTaskEvent['type']): void {
    if (!isLegal(node.status, type)) {
      throw new ExecGoError('internal', `${type} is illegal for task "${node.id}", which is ${node.status}`);
    }
    node.status = statusAfter(type) as TaskStatus;
  }

  /** The same, with the head of the event that does it. */
  private enter<T extends SingleTaskEvent['type']>(node: TaskNode, type: T) {
    this.move(node, type);
    const timestamp = this.clock.now();
    return { seq: this.log.nextSeq(), type, timestamp, graph_id: node.graph.id, task_id: node.spec.id };
  }

  private add(node: TaskNode, event: TaskEvent, bytes: number, lazy = false): void {
    this.log.add(event, node, EVENT_BYTES + bytes, lazy);
  }
}

export const NOTHING_REMAINS: Remains = { result: undefined, details: undefined, progress: undefined };

function sizeOf(value: Json | undefined): number {
  return value === undefined ? 0 : jsonSize(value, SIZE_LIMIT);
}

function sizeOfRemains({ result, details, progress }: Remains): number {
  return sizeOf(result) + sizeOf(details) + (progress?.length ?? 0) * EVENT_BYTES;
}
