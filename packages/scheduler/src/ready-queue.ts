import { Fifo } from './fifo.js';
import type { GraphEntry, TaskNode } from './graph-index.js';

/** Cancelled tasks are thrown out once they are so many, and half of all. */
const SWEEP_AT = 1000;
const anyCategory = () => true;

/** The ready tasks of one graph at one priority. */
interface Lane {
  readonly graph: GraphEntry;
  readonly nodes: Fifo<TaskNode>;
}

/** One priority of one category: lanes take turns. */
class Level {
  private readonly lanes = new Fifo<Lane>();
  private readonly laneOf = new Map<GraphEntry, Lane>();

  constructor(readonly priority: number) {}

  get empty(): boolean {
    return this.lanes.length === 0;
  }

  push(node: TaskNode): void {
    const lane = this.laneOf.get(node.graph);
    if (lane !== undefined) {
      lane.nodes.push(node);
      return;
    }
    const created = { graph: node.graph, nodes: new Fifo(node) };
    this.laneOf.set(node.graph, created);
    this.lanes.push(created);
  }

  shift(): TaskNode | undefined {
    const lane = this.lanes.shift();
    if (lane === undefined) return undefined;
    const node = lane.nodes.shift();
    if (lane.nodes.length > 0) this.lanes.push(lane);
    else this.laneOf.delete(lane.graph);
    return node;
  }
}

/** The ready tasks of one category, levels by falling priority. */
class CategoryQueue {
  private readonly levels: Level[] = [];

  constructor(readonly category: string) {}

  /** The highest priority that holds something; −∞ when none does. */
  get highest(): number {
    for (let at = 0; at < this.levels.length; at += 1) {
      const level = this.levels[at] as Level;
      if (!level.empty) return level.priority;
    }
    return Number.NEGATIVE_INFINITY;
  }

  push(node: TaskNode): void {
    const { priority } = node.spec;
    let at = 0;
    while (at < this.levels.length && (this.levels[at] as Level).priority > priority) at += 1;
    if (this.levels[at]?.priority !== priority) this.levels.splice(at, 0, new Level(priority));
    (this.levels[at] as Level).push(node);
  }

  shift(): TaskNode | undefined {
    for (let at = 0; at < this.levels.length; at += 1) {
      const node = (this.levels[at] as Level).shift();
      if (node !== undefined) return node;
    }
    return undefined;
  }
}

/**
 * Tasks that could start. Strictly by priority; within a priority, graphs take turns, so that a submission of 100,000 tasks
 * does not hold up the next one; within a graph, first come first served. Push and shift cost the same at any length.
 *
 * A task that was cancelled while it waited stays until its turn comes, where `shift` passes over it, or until such tasks are
 * the larger part.
 */
export class ReadyQueue {
  /** One for each category that was ever seen: a handful, looked through for every task that starts. */
  private readonly categories: CategoryQueue[] = [];
  private count = 0;
  private cancelled = 0;

  /** Including those cancelled while they waited. */
  get length(): number {
    return this.count;
  }

  /** Those that could start. */
  get startable(): number {
    return this.count - this.cancelled;
  }

  push(node: TaskNode): void {
    this.queueOf(node.spec.type).push(node);
    this.count += 1;
  }

  /** The next task of a category that has a free slot; undefined when there is none. */
  shift(hasSlot: (category: string) => boolean): TaskNode | undefined {
    for (;;) {
      const queue = this.best(hasSlot);
      if (queue === undefined) return undefined;
      const node = queue.shift() as TaskNode;
      this.count -= 1;
      if (node.status === 'pending') return node;
      this.cancelled -= 1;
    }
  }

  /** To be called once for each task in here that was cancelled, after its status has changed. */
  noteCancelled(): void {
    this.cancelled += 1;
    if (this.cancelled < SWEEP_AT || this.cancelled * 2 < this.count) return;
    const ready: TaskNode[] = [];
    for (let node = this.shift(anyCategory); node !== undefined; node = this.shift(anyCategory)) ready.push(node);
    for (const node of ready) this.push(node);
  }

  private queueOf(category: string): CategoryQueue {
    for (let at = 0; at < this.categories.length; at += 1) {
      const queue = this.categories[at] as CategoryQueue;
      if (queue.category === category) return queue;
    }
    const created = new CategoryQueue(category);
    this.categories.push(created);
    return created;
  }

  private best(hasSlot: (category: string) => boolean): CategoryQueue | undefined {
    let best: CategoryQueue | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < this.categories.length; at += 1) {
      const queue = this.categories[at] as CategoryQueue;
      const priority = queue.highest;
      if (priority <= highest || !hasSlot(queue.category)) continue;
      best = queue;
      highest = priority;
    }
    return best;
  }
}
