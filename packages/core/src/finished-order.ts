import { SeqOrder } from './seq-order.js';
import type { Task } from './task.js';

/** Ids of the terminal tasks of a table in the order in which they ended: a task that ends has a higher seq than all that ended before. */
export class FinishedOrder {
  private order = new SeqOrder();
  /** The first place that is no hole: what ended first goes first, as a rule. */
  private head = 0;
  /** False while the tasks of a snapshot stand as they came. */
  private isSorted = true;

  /** Adds a task of a snapshot, whenever it ended. */
  load(task: Task): void {
    if (task.last_seq < this.order.lastSeq) this.isSorted = false;
    this.append(task);
  }

  /** Adds tasks that have ended, in any order, all of them after those that are here. */
  add(tasks: Task[]): void {
    if (tasks.length > 1) tasks.sort((a, b) => a.last_seq - b.last_seq);
    for (const task of tasks) this.append(task);
  }

  /** Adds the task that has ended last. */
  append({ id, last_seq }: Task): void {
    this.order.push(id, last_seq);
  }

  /** Takes out the one that ended with this event; does nothing if there is none. */
  remove(lastSeq: number): void {
    this.sort();
    const { order } = this;
    order.remove(lastSeq);
    while (this.head < order.length && order.idAt(this.head) === undefined) this.head += 1;
    if (order.tidy()) this.head = 0;
  }

  /** Ids with the seq at which each ended, from the first after `seq` on. */
  *after(seq: number): IterableIterator<readonly [id: string, lastSeq: number]> {
    this.sort();
    const { order } = this;
    for (let at = Math.max(this.head, order.firstAtOrAfter(seq + 1)); at < order.length; at += 1) {
      const id = order.idAt(at);
      if (id !== undefined) yield [id, order.seqAt(at)];
    }
  }

  /** After a snapshot alone. */
  private sort(): void {
    if (this.isSorted) return;
    const places = Array.from({ length: this.order.length }, (_, at) => at);
    places.sort((a, b) => this.order.seqAt(a) - this.order.seqAt(b));
    const sorted = new SeqOrder();
    for (const at of places) {
      const id = this.order.idAt(at);
      if (id !== undefined) sorted.push(id, this.order.seqAt(at));
    }
    this.order = sorted;
    this.isSorted = true;
    this.head = 0;
  }
}
