import type { Task } from './task.js';

/** Places that are passed over before the arrays are worth tidying. */
const MIN_HOLES = 1000;

/**
 * Ids of the terminal tasks of a table in the order in which they ended. A task that goes leaves a hole, and what comes is put at
 * the end: a task that ends has a higher seq than all that ended before.
 */
export class FinishedOrder {
  /** Both arrays run in step; seqs ascend, also where there is a hole. */
  private ids: (string | undefined)[] = [];
  private seqs: number[] = [];
  private holes = 0;
  /** The first place that is no hole: what ended first goes first, as a rule. */
  private head = 0;
  private isSorted = true;

  /** Adds a task of a snapshot, whenever it ended. */
  load({ id, last_seq }: Task): void {
    if (last_seq < (this.seqs.at(-1) ?? 0)) this.isSorted = false;
    this.ids.push(id);
    this.seqs.push(last_seq);
  }

  /** Adds tasks that have ended, in any order, all of them after those that are here. */
  add(tasks: Task[]): void {
    if (tasks.length > 1) tasks.sort((a, b) => a.last_seq - b.last_seq);
    for (const task of tasks) this.append(task);
  }

  /** Adds the task that has ended last. */
  append({ id, last_seq }: Task): void {
    this.ids.push(id);
    this.seqs.push(last_seq);
  }

  /** Takes out the one that ended with this event; does nothing if there is none. */
  remove(lastSeq: number): void {
    this.sort();
    const at = this.firstAfter(lastSeq - 1);
    if (this.seqs[at] !== lastSeq || this.ids[at] === undefined) return;
    this.ids[at] = undefined;
    this.holes += 1;
    while (this.head < this.ids.length && this.ids[this.head] === undefined) this.head += 1;
    if (this.holes > MIN_HOLES && this.holes > this.ids.length / 2) this.tidy();
  }

  /** Ids with the seq at which each ended, from the first after `seq` on. */
  *after(seq: number): IterableIterator<readonly [id: string, lastSeq: number]> {
    this.sort();
    for (let at = Math.max(this.head, this.firstAfter(seq)); at < this.ids.length; at += 1) {
      const id = this.ids[at];
      if (id !== undefined) yield [id, this.seqs[at] as number];
    }
  }

  /** After a snapshot alone. */
  private sort(): void {
    if (this.isSorted) return;
    const tasks = this.ids.map((id, at) => ({ id, seq: this.seqs[at] as number }));
    tasks.sort((a, b) => a.seq - b.seq);
    this.ids = tasks.map(({ id }) => id);
    this.seqs = tasks.map(({ seq }) => seq);
    this.isSorted = true;
    this.head = 0;
  }

  private tidy(): void {
    let kept = 0;
    for (let at = this.head; at < this.ids.length; at += 1) {
      if (this.ids[at] === undefined) continue;
      this.ids[kept] = this.ids[at];
      this.seqs[kept] = this.seqs[at] as number;
      kept += 1;
    }
    this.ids.length = kept;
    this.seqs.length = kept;
    this.holes = 0;
    this.head = 0;
  }

  /** Index of the first place whose seq is higher; the number of places if there is none. Binary search. */
  private firstAfter(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
