import type { Task } from './task.js';

/** Places that are passed over before the arrays are worth tidying. */
const MIN_HOLES = 1000;

/** The tasks of a table in the order of `submitted_seq`, the order of every listing; a hole where one was deleted or replaced. */
export class SubmissionOrder {
  /** Both arrays run in step. */
  private ids: (string | undefined)[] = [];
  private seqs: number[] = [];
  private holes = 0;

  /** Places, holes included. */
  get length(): number {
    return this.ids.length;
  }

  /** `submitted_seq` of the newest place; 0 while there is none. */
  get lastSeq(): number {
    return this.seqs.at(-1) ?? 0;
  }

  push({ id, submitted_seq }: Task): void {
    this.ids.push(id);
    this.seqs.push(submitted_seq);
  }

  /** `submitted_seq` of the task in a place, also where the task has gone. */
  seqAt(at: number): number {
    return this.seqs[at] as number;
  }

  /** Id of the task in a place; a later task may have it by now. Undefined for a hole. */
  idAt(at: number): string | undefined {
    return this.ids[at];
  }

  /** Makes a hole of the place of a task. */
  remove({ submitted_seq }: Task): void {
    this.ids[this.firstAtOrAfter(submitted_seq)] = undefined;
    this.holes += 1;
  }

  /** Index of the first place whose seq is at least `seq`; the number of places if there is none. Binary search. */
  firstAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Closes the holes where they are the larger part: places move. */
  tidy(): void {
    if (this.holes <= MIN_HOLES || this.holes <= this.ids.length / 2) return;
    let kept = 0;
    for (let at = 0; at < this.ids.length; at += 1) {
      if (this.ids[at] === undefined) continue;
      this.ids[kept] = this.ids[at];
      this.seqs[kept] = this.seqs[at] as number;
      kept += 1;
    }
    this.ids.length = kept;
    this.seqs.length = kept;
    this.holes = 0;
  }
}
