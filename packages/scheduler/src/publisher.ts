import type { Clock, Task, TaskStore } from '@execgo/core';
import type { Batch } from './commit-log.js';
import type { Counters } from './counters.js';
import type { Dispatcher } from './dispatcher.js';
import type { EventHub } from './event-hub.js';
import type { GraphIndex, TaskNode } from './graph-index.js';
import type { ResolvedSchedulerOptions } from './options.js';
import type { Waiters } from './waiters.js';

export interface PublisherParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly hub: EventHub;
  readonly counters: Counters;
  readonly taskWaiters: Waiters<Task>;
  readonly graphWaiters: Waiters<true>;
  readonly dispatcher: Dispatcher;
}

/** PUBLISH: what follows from events once they are durable: dependents become ready, waiters and watchers are told. */
export class Publisher {
  private readonly clock: Clock;

  constructor(private readonly parts: PublisherParts) {
    this.clock = parts.options.clock;
  }

  publish(batch: Batch): void {
    const { counters, hub, dispatcher } = this.parts;
    const waitedFor: string[] = [];
    counters.commitDuration.observe(this.clock.monotonic() - batch.appendedAt);
    for (let at = 0; at < batch.events.length; at += 1) {
      const event = batch.events[at] as Batch['events'][number];
      const node = batch.nodes[at];
      counters.count(event);
      if (node === undefined) continue;
      switch (event.type) {
        case 'task_submitted':
          dispatcher.arrive(node);
          break;
        case 'task_succeeded':
          this.release(node);
          this.settle(node, waitedFor);
          break;
        case 'task_failed':
        case 'task_cancelled':
        case 'task_skipped':
          this.settle(node, waitedFor);
          break;
        default:
          break;
      }
    }
    hub.publish(batch.events);
    if (waitedFor.length > 0) this.tellWaiters(waitedFor);
    dispatcher.pump();
  }

  /** Its dependents lose an open dependency. */
  private release(node: TaskNode): void {
    const { index, dispatcher } = this.parts;
    index.forEachDependent(node, (dependent) => dispatcher.arrive(dependent));
  }

  private settle(node: TaskNode, waitedFor: string[]): void {
    const { index, taskWaiters, graphWaiters } = this.parts;
    if (taskWaiters.size > 0 && taskWaiters.has(node.id)) waitedFor.push(node.id);
    if (index.settle(node)) graphWaiters.resolve(node.graph.id, true);
  }

  /** Asked for in this very turn, so that a waiter sees how its task ended even if the id is submitted again right away. */
  private tellWaiters(ids: readonly string[]): void {
    const { store, taskWaiters } = this.parts;
    store.getMany(ids).then(
      (tasks) => {
        for (const task of tasks) if (task !== undefined) taskWaiters.resolve(task.id, task);
      },
      (error: unknown) => {
        for (const id of ids) taskWaiters.reject(id, error);
      },
    );
  }
}
