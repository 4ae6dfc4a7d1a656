import type { Task, TaskStatus } from '@execgo/core';

/** How promises were broken: every list is empty when all is well. */
export interface Broken {
  /** Acknowledged tasks that are gone. */
  readonly lost: readonly string[];
  /** Tasks of which a success was acknowledged, or seen by a read, that are something else. */
  readonly undone: readonly string[];
  /** Graphs of which only some tasks are there, acknowledged or not. */
  readonly half: readonly string[];
}

/** Tasks of each graph, which have the graph's name before a dot. */
export const TASKS_OF_A_GRAPH = ['a', 'b', 'c'] as const;

/** What a store promised, kept outside of the process that it runs in. */
export class Promises {
  private readonly ids = new Set<string>();
  private readonly succeeded = new Set<string>();

  get size(): number {
    return this.ids.size;
  }

  get successes(): number {
    return this.succeeded.size;
  }

  /** A status of these tasks was acknowledged, or seen. */
  note(status: TaskStatus, ids: readonly string[]): void {
    for (const id of ids) {
      this.ids.add(id);
      if (status === 'success') this.succeeded.add(id);
    }
  }

  /** Holds what is there, by id, against what was promised. */
  brokenBy(found: ReadonlyMap<string, Task>): Broken {
    const graphs = new Set([...found.keys()].map((id) => id.slice(0, id.lastIndexOf('.'))));
    return {
      lost: [...this.ids].filter((id) => !found.has(id)),
      undone: [...this.succeeded].filter((id) => found.has(id) && found.get(id)?.status !== 'success'),
      half: [...graphs].filter((graph) => !TASKS_OF_A_GRAPH.every((task) => found.has(`${graph}.${task}`))),
    };
  }
}
