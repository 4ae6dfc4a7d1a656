import { type CancelOptions, ExecGoError, isTerminal, type TaskStore } from '@execgo/core';
import { Attempt, type StopCause } from './attempt.js';
import type { CommitLog } from './commit-log.js';
import type { DeadlineWheel } from './deadline-wheel.js';
import type { Dispatcher } from './dispatcher.js';
import type { GraphIndex, TaskNode } from './graph-index.js';
import { type Ledger, NOTHING_REMAINS } from './ledger.js';
import type { ResolvedSchedulerOptions } from './options.js';
import { toRuntimeError } from './outcome.js';
import type { Outputs } from './outputs.js';
import type { Reservations } from './reservations.js';
import { taskNotFound } from './views.js';

export interface CancellationParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly ledger: Ledger;
  readonly log: CommitLog;
  readonly wheel: DeadlineWheel;
  readonly dispatcher: Dispatcher;
  readonly reservations: Reservations;
  readonly outputs: Outputs;
}

/** Ends tasks that somebody does not want any more. */
export class Cancellation {
  constructor(private readonly parts: CancellationParts) {}

  /** Resolves when nothing of the task runs and how it ended is durable; a success that came first stays one. */
  async cancel(id: string, options: CancelOptions): Promise<void> {
    const node = this.parts.index.get(id);
    if (node === undefined) return;
    await this.end(node, stopCause(options));
    await this.parts.log.durable();
  }

  /** One append for everything that does not run, then each running task. */
  async cancelGraph(graphId: string, options: CancelOptions): Promise<void> {
    const cause = stopCause(options);
    const nodes = this.parts.index.graph(graphId)?.nodes ?? [];
    const ends = nodes.map((node) => (node === undefined ? undefined : this.end(node, cause)));
    await Promise.all(ends);
    await this.parts.log.durable();
  }

  async remove(id: string, options: CancelOptions): Promise<void> {
    const { index, ledger, log, outputs, reservations, store } = this.parts;
    await this.cancel(id, options);
    const release = reservations.holdForDeletion(id);
    try {
      await reservations.whenPruned([id]);
      const [task] = await store.getMany([id]);
      if (task === undefined) throw taskNotFound(id);
      const node = index.get(id);
      const dependent = node === undefined ? undefined : index.openDependentOf(node);
      if (node !== undefined && (!node.settled || dependent !== undefined)) {
        const reason =
          dependent === undefined ? 'it was submitted again' : `unfinished task "${dependent.id}" depends on it`;
        throw new ExecGoError('conflict', `task "${id}" cannot be deleted: ${reason}`, { details: { task_id: id } });
      }
      ledger.deleted(id, task.graph_id, options.actor);
      await log.durable();
      await outputs.remove([task]);
    } finally {
      release();
    }
  }

  private async end(node: TaskNode, cause: StopCause): Promise<void> {
    const { dispatcher, ledger, options, wheel } = this.parts;
    const { live } = node;
    if (isTerminal(node.status)) return;
    if (live instanceof Attempt) {
      dispatcher.stop(live, cause);
      await live.ended();
      // The attempt may have been past its timeout already, and wait for its next one now.
      if (!isTerminal(node.status)) await this.end(node, cause);
      return;
    }
    const wasReady = node.status === 'pending' && node.openDependencies === 0;
    wheel.cancel(live);
    node.live = undefined;
    ledger.cancelled(node, toRuntimeError(cause.error, options.resultLimits), cause.actor, NOTHING_REMAINS);
    if (wasReady) dispatcher.noteCancelled();
  }
}

function stopCause({ reason, actor }: CancelOptions): StopCause {
  const message = reason === undefined || reason === '' ? 'task cancelled' : `task cancelled: ${reason}`;
  const error = new ExecGoError('cancelled', message, { source: 'scheduler' });
  return { kind: 'cancel', error, ...(actor !== undefined && { actor }) };
}
