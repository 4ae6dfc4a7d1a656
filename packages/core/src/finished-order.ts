import { isTerminal, type Task } from './task.js';

/** Ids of the terminal tasks of a table, in the order in which they ended: a task that ends is added, one that goes is taken out. */
export class FinishedOrder {
  /** Id → `last_seq`. A map keeps the order of insertion, and a task that ends has a higher seq than all that ended before. */
  private readonly seqs = new Map<string, number>();

  constructor(tasks: Iterable<Task>) {
    const finished: Task[] = [];
    for (const task of tasks) if (isTerminal(task.status)) finished.push(task);
    finished.sort((a, b) => a.last_seq - b.last_seq);
    for (const task of finished) this.seqs.set(task.id, task.last_seq);
  }

  get size(): number {
    return this.seqs.size;
  }

  /** Tells it what a task has become; undefined: it is gone. */
  update(id: string, task: Task | undefined): void {
    this.seqs.delete(id);
    if (task !== undefined && isTerminal(task.status)) this.seqs.set(id, task.last_seq);
  }

  /** Ids with the seq at which each ended, from the first after `seq` on. */
  *after(seq: number): IterableIterator<[id: string, lastSeq: number]> {
    for (const entry of this.seqs) if (entry[1] > seq) yield entry;
  }
}
