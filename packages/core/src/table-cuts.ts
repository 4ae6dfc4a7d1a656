import type { SeqOrder } from './seq-order.js';
import type { Task } from './task.js';

/** All tasks as they were at one moment, oldest submission first, given out bit by bit while the table goes on changing. */
export interface TableCut {
  /** The next tasks, at most `count`; none at the end. */
  take(count: number): readonly Task[];
  /** Ends it before its end. Safe to call twice. */
  close(): void;
}

/** How far a cut has got, and what it has yet to give out although the table has moved on. */
interface OpenCut {
  at: number;
  readonly end: number;
  /** `submitted_seq` of the last place given out. */
  doneSeq: number;
  readonly lastSeq: number;
  readonly saved: Map<number, Task>;
}

/** The cuts of a table that are being read. While there are some, the places of its order must not move. */
export class TableCuts {
  private readonly open = new Set<OpenCut>();

  constructor(
    private readonly order: SeqOrder,
    private readonly tasks: ReadonlyMap<string, Task>,
  ) {}

  get areOpen(): boolean {
    return this.open.size > 0;
  }

  make(): TableCut {
    const { length, lastSeq } = this.order;
    const cut: OpenCut = { at: 0, end: length, doneSeq: -1, lastSeq, saved: new Map() };
    this.open.add(cut);
    return {
      take: (count) => this.take(cut, count),
      close: () => this.close(cut),
    };
  }

  /** A task is about to change: keeps it for the cuts that have yet to give it out. Only the first change after a cut counts. */
  save(before: Task): void {
    const seq = before.submitted_seq;
    for (const { doneSeq, lastSeq, saved } of this.open) {
      if (seq > doneSeq && seq <= lastSeq && !saved.has(seq)) saved.set(seq, before);
    }
  }

  private take(cut: OpenCut, count: number): Task[] {
    const taken: Task[] = [];
    for (; cut.at < cut.end && taken.length < count; cut.at += 1) {
      const seq = this.order.seqAt(cut.at);
      const id = this.order.idAt(cut.at);
      const task = cut.saved.get(seq) ?? (id === undefined ? undefined : this.tasks.get(id));
      cut.doneSeq = seq;
      if (task?.submitted_seq === seq) taken.push(task);
    }
    if (cut.at === cut.end) this.close(cut);
    return taken;
  }

  private close(cut: OpenCut): void {
    cut.at = cut.end;
    cut.saved.clear();
    this.open.delete(cut);
  }
}
