import type { Task } from '@execgo/core';

/** A task as the fold needs it: its spec holds nothing but id and type. */
export interface KnownTask {
  readonly task: Task;
  /** Whether its spec, in the tables, has annotations. */
  readonly isAnnotated: boolean;
}

/** Unfinished tasks that were written last, by id: the next event of most tasks comes soon. */
export class RecentTasks {
  private readonly tasks = new Map<string, KnownTask>();

  constructor(private readonly maxTasks: number) {}

  get(id: string): KnownTask | undefined {
    return this.tasks.get(id);
  }

  /** A map keeps the order of insertion: the one that was written longest ago makes room. */
  set(id: string, known: KnownTask): void {
    this.tasks.delete(id);
    this.tasks.set(id, known);
    if (this.tasks.size <= this.maxTasks) return;
    const [oldest] = this.tasks.keys();
    this.tasks.delete(oldest as string);
  }

  delete(id: string): void {
    this.tasks.delete(id);
  }
}
