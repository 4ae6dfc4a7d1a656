import type { Clock, Task, TaskStore } from '@execgo/core';
import type { Batch } from './commit-log.js';
import type { Counters } from './counters.js';
import type { Dispatcher } from './dispatcher.js';
import type { EventHub } from './event-hub.js';
import type { GraphIndex, TaskNode } from './graph-index.js';
import type { ResolvedSchedulerOptions } from './options.js';
import type { Outputs } from './outputs.js';
import type { Retention } from './retention.js';
import { taskNotFound } from './views.js';
import type { Waiter, Waiters } from './waiters.js';

export interface PublisherParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly hub: EventHub;
  readonly counters: Counters;
  readonly taskWaiters: Waiters<Task>;
  readonly graphWaiters: Waiters<true>;
  readonly dispatcher: Dispatcher;
  readonly outputs: Outputs;
  readonly retention: Retention;
}

/** A task that has ended, and who waited for that. */
interface Told {
  readonly id: string;
  readonly waiters: ReadonlySet<Waiter<Task>>;
}

/** PUBLISH: what follows from events once they are durable: dependents become ready, waiters and watchers are told. */
export class Publisher {
  private readonly clock: Clock;
  /** When the batch at hand came: monotonic milliseconds, read once for all of it. */
  private now = 0;

  constructor(private readonly parts: PublisherParts) {
    this.clock = parts.options.clock;
  }

  publish(batch: Batch): void {
    const { counters, hub, dispatcher, retention } = this.parts;
    const told: Told[] = [];
    this.now = this.clock.monotonic();
    counters.commitDuration.observe(this.now - batch.appendedAt);
    for (let at = 0; at < batch.events.length; at += 1) {
      const event = batch.events[at] as Batch['events'][number];
      const node = batch.nodes[at];
      counters.count(event);
      retention.published(event);
      if (node === undefined) continue;
      switch (event.type) {
        case 'task_submitted':
          this.arrive(node);
          break;
        case 'task_succeeded':
          this.release(node);
          this.settle(node, told);
          break;
        case 'task_failed':
        case 'task_cancelled':
        case 'task_skipped':
          this.settle(node, told);
          break;
        default:
          break;
      }
    }
    hub.publish(batch.events);
    if (this.parts.outputs.isConcerned) this.tellOutputs(batch);
    if (told.length > 0) this.tell(told);
    dispatcher.pump();
  }

  /** After everything else: who watches the output of a task finds it settled. */
  private tellOutputs({ events, nodes }: Batch): void {
    for (let at = 0; at < events.length; at += 1) {
      const node = nodes[at];
      if (node !== undefined) this.parts.outputs.published(events[at] as Batch['events'][number], node);
    }
  }

  /** Its dependents lose an open dependency. */
  private release(node: TaskNode): void {
    this.parts.index.forEachDependent(node, this.arrive);
  }

  private readonly arrive = (dependent: TaskNode) => this.parts.dispatcher.arrive(dependent, this.now);

  private settle(node: TaskNode, told: Told[]): void {
    const { index, taskWaiters, graphWaiters } = this.parts;
    if (taskWaiters.size > 0 && taskWaiters.has(node.id))
      told.push({ id: node.id, waiters: taskWaiters.take(node.id) });
    if (index.settle(node)) graphWaiters.resolve(node.graph.id, true);
  }

  /** Asked for in this very turn, so that a waiter sees how its task ended even if the id is submitted again right away. */
  private tell(told: readonly Told[]): void {
    this.parts.store.getMany(told.map(({ id }) => id)).then(
      (tasks) => {
        for (const [at, { id, waiters }] of told.entries()) {
          const task = tasks[at];
          for (const waiter of waiters) {
            if (task === undefined) waiter.reject(taskNotFound(id));
            else waiter.resolve(task);
          }
        }
      },
      (error: unknown) => {
        for (const { waiters } of told) for (const waiter of waiters) waiter.reject(error);
      },
    );
  }
}
