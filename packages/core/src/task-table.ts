import { applyEvent } from './apply-event.js';
import { ExecGoError } from './errors.js';
import type { TaskEvent } from './event.js';
import { FinishedOrder } from './finished-order.js';
import {
  type FinishedPage,
  type FinishedQuery,
  type FinishedTask,
  MAX_PAGE_BYTES,
  RECEIPT_RETENTION,
  type Receipt,
  type ReceiptRetention,
  type TaskPage,
  type TaskQuery,
} from './ports/task-store.js';
import { Receipts } from './receipts.js';
import { SLICE_TASKS, type Sliced } from './slices.js';
import { StagedEvents } from './staged-events.js';
import { isTerminal, type Task } from './task.js';
import { matches, sizeInPage } from './task-query.js';

/** How many tasks a sliced commit shows or hides in one go. */
const COMMIT_SLICE = 5000;
/** How many tasks one batch of `unfinished` holds. */
const UNFINISHED_BATCH = 1000;

/** Where the tasks of one submission stand: they were submitted in one run of seqs. */
interface GraphRange {
  readonly firstSeq: number;
  lastSeq: number;
  /** Tasks of it that are there: not deleted, not replaced. */
  live: number;
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

/** What reads still see while a commit goes on in slices. */
interface HiddenCommit {
  /** Tasks from this seq on are not there yet. */
  readonly fromSeq: number;
  /** Tasks that were there, as they were. */
  readonly before: Map<string, Task>;
  /** Terminal tasks that were there. */
  readonly finished: number;
}

/** All tasks as they were at one moment, oldest submission first, given out bit by bit while the table goes on changing. */
export interface TableCut {
  /** The next tasks, at most `count`; none at the end. */
  take(count: number): readonly Task[];
  /** Ends it before its end. Safe to call twice. */
  close(): void;
}

/**
 * All tasks and receipts in memory: what every store that keeps its state there is made of. Events come in by `stage`
 * (pure) and `commit` (all of a batch at once); reads see what is committed. Listing costs what it returns plus what its
 * filters pass over; a graph's tasks are found without a search.
 */
export class TaskTable {
  private readonly tasks = new Map<string, Task>();
  /** Tasks in the order of `submitted_seq`; a hole where one was deleted or replaced. Both arrays run in step. */
  private order: (string | undefined)[] = [];
  private seqs: number[] = [];
  private holes = 0;
  private readonly graphs = new Map<string, GraphRange>();
  private readonly receipts: Receipts;
  private hidden: HiddenCommit | undefined;
  private readonly cuts = new Set<OpenCut>();
  /** Terminal tasks, those of a commit under way included. */
  private finishedCount = 0;
  /** Outdated tasks stay in it until `forget`, and new ones come when their batch is shown. */
  private readonly finishedOrder = new FinishedOrder();

  constructor(retention: ReceiptRetention = RECEIPT_RETENTION) {
    this.receipts = new Receipts(retention);
  }

  get size(): number {
    return this.tasks.size;
  }

  get(id: string): Task | undefined {
    const task = this.tasks.get(id);
    if (this.hidden === undefined) return task;
    const before = this.hidden.before.get(id);
    if (before !== undefined) return before;
    return task !== undefined && task.submitted_seq < this.hidden.fromSeq ? task : undefined;
  }

  /** Every task by `submitted_seq`, oldest first. */
  *all(): IterableIterator<Task> {
    for (let at = 0; at < this.order.length; at += 1) {
      const task = this.taskAt(at);
      if (task !== undefined) yield task;
    }
  }

  /**
   * The tasks as they are now, however long reading them takes. It costs nothing but a pointer for each task that changes
   * before its turn has come.
   */
  cut(): TableCut {
    const cut: OpenCut = {
      at: 0,
      end: this.order.length,
      doneSeq: -1,
      lastSeq: this.seqs.at(-1) ?? -1,
      saved: new Map(),
    };
    this.cuts.add(cut);
    return {
      take: (count) => this.takeFrom(cut, count),
      close: () => this.closeCut(cut),
    };
  }

  /** Every receipt still kept, oldest first. */
  allReceipts(): IterableIterator<[string, Receipt]> {
    return this.receipts.all();
  }

  /**
   * Folds a batch and shows it at once, where there is nothing to wait for between the two: what `stage` and `commit` do, for
   * a quarter less of the cost.
   * @throws as `stage`; the table is as it was
   */
  apply(events: readonly TaskEvent[]): void {
    const before = new Array<Task | undefined>(events.length);
    const after = new Array<Task | undefined>(events.length);
    for (let at = 0; at < events.length; at += 1) {
      const event = events[at] as TaskEvent;
      if (event.type === 'graph_submitted') continue;
      const task = this.tasks.get(event.task_id);
      before[at] = task;
      try {
        after[at] = applyEvent(task, event);
      } catch (error) {
        this.takeBack(events.slice(0, at), before);
        throw error;
      }
      this.put(event.task_id, after[at]);
    }
    for (let at = 0; at < events.length; at += 1) {
      const event = events[at] as TaskEvent;
      if (event.type === 'graph_submitted') this.receipts.keep(event);
      else this.follow(event.task_id, before[at], after[at]);
    }
    this.tidy();
  }

  /** Undoes what `apply` has put, newest first. */
  private takeBack(events: readonly TaskEvent[], before: readonly (Task | undefined)[]): void {
    for (let at = events.length - 1; at >= 0; at -= 1) {
      const event = events[at] as TaskEvent;
      if (event.type !== 'graph_submitted') this.put(event.task_id, before[at]);
    }
  }

  /** What follows from one event of `apply`. */
  private follow(id: string, before: Task | undefined, task: Task | undefined): void {
    this.account(id, before, task);
    if (task !== undefined && isTerminal(task.status)) this.finishedOrder.append(task);
    if (before !== undefined && before.submitted_seq !== task?.submitted_seq) this.forget(before);
  }

  /**
   * Folds a batch without showing it.
   * @throws ExecGoError `internal` for an event that is illegal: the batch or this table is damaged
   */
  *stage(events: readonly TaskEvent[]): Sliced<StagedEvents> {
    const staged = new StagedEvents(this.tasks);
    for (let at = 0; at < events.length; at += 1) {
      if (at > 0 && at % (SLICE_TASKS * 5) === 0) yield;
      staged.add(events[at] as TaskEvent);
    }
    return staged;
  }

  /** Makes a staged batch visible. Batches are committed in the order in which they were staged, one at a time. */
  commit({ ids, tasks, before, graphs }: StagedEvents): void {
    for (const graph of graphs) this.receipts.keep(graph);
    for (let at = 0; at < ids.length; at += 1) {
      const known = before[at];
      this.replace(ids[at] as string, known, tasks[at]);
      if (known !== undefined && known.submitted_seq !== tasks[at]?.submitted_seq) this.forget(known);
    }
    this.noteFinished(tasks);
    this.tidy();
  }

  /**
   * As `commit`, in slices: reads between two slices see the table as it was before, and at the last one everything at once.
   * Nothing else may be staged, committed or cut meanwhile.
   */
  *commitSliced({ ids, tasks, before, graphs }: StagedEvents): Sliced<void> {
    const outdated: Task[] = [];
    const fromSeq = (this.seqs.at(-1) ?? 0) + 1;
    this.hidden = { fromSeq, before: new Map(), finished: this.finishedCount };
    for (let at = 0; at < ids.length; at += 1) {
      if (at > 0 && at % COMMIT_SLICE === 0) yield;
      const id = ids[at] as string;
      const known = before[at];
      this.replace(id, known, tasks[at]);
      if (known === undefined) continue;
      if (known.submitted_seq < this.hidden.fromSeq && !this.hidden.before.has(id)) this.hidden.before.set(id, known);
      if (known.submitted_seq !== tasks[at]?.submitted_seq) outdated.push(known);
    }
    for (const graph of graphs) this.receipts.keep(graph);
    this.hidden = undefined;
    this.noteFinished(tasks);
    for (let at = 0; at < outdated.length; at += 1) {
      if (at > 0 && at % COMMIT_SLICE === 0) yield;
      this.forget(outdated[at] as Task);
    }
    this.tidy();
  }

  /** Adds a task read from a snapshot. Tasks come by `submitted_seq`, oldest first. */
  load(task: Task): void {
    if (this.tasks.has(task.id)) throw new ExecGoError('internal', `task "${task.id}" is there twice`);
    this.replace(task.id, undefined, task);
    if (isTerminal(task.status)) this.finishedOrder.load(task);
  }

  /** Adds a receipt read from a snapshot, oldest first. */
  loadReceipt(key: string, receipt: Receipt): void {
    this.receipts.load(key, receipt);
  }

  receipt(key: string): Receipt | undefined {
    return this.receipts.get(key);
  }

  list(query: TaskQuery): TaskPage {
    const range = query.graph_id === undefined ? undefined : this.graphs.get(query.graph_id);
    if (query.graph_id !== undefined && range === undefined) return { tasks: [] };
    const oldest = range?.firstSeq ?? 0;
    const before = Math.min(query.before ?? Number.POSITIVE_INFINITY, (range?.lastSeq ?? Number.POSITIVE_INFINITY) + 1);
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    const tasks: Task[] = [];
    let bytes = 0;
    for (let at = this.firstAtOrAfter(before) - 1; at >= 0 && (this.seqs[at] as number) >= oldest; at -= 1) {
      const task = this.taskAt(at);
      if (task === undefined || !matches(task, query)) continue;
      if (tasks.length >= limit || bytes > MAX_PAGE_BYTES) return { tasks, next: (tasks.at(-1) as Task).submitted_seq };
      tasks.push(task);
      bytes += sizeInPage(task);
    }
    return { tasks };
  }

  /** Every task that is not terminal, in batches, oldest first. */
  *unfinished(): IterableIterator<readonly Task[]> {
    let batch: Task[] = [];
    for (const task of this.all()) {
      if (isTerminal(task.status)) continue;
      batch.push(task);
      if (batch.length < UNFINISHED_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** Terminal tasks, the one that ended first foremost. Costs what it gives out; the first call after a snapshot was loaded sorts. */
  finished({ after = 0, limit }: FinishedQuery): FinishedPage {
    const tasks: FinishedTask[] = [];
    for (const [id, last_seq] of this.finishedOrder.after(after)) {
      if (tasks.length >= limit) break;
      const task = this.get(id);
      // Replaced or deleted, and not forgotten yet.
      if (task?.last_seq !== last_seq) continue;
      const { graph_id, submitted_seq, updated_at } = task;
      tasks.push({ id, graph_id, submitted_seq, last_seq, updated_at });
    }
    return { tasks, total: this.hidden?.finished ?? this.finishedCount };
  }

  /** What has ended in a batch, in the order in which it ended: a batch holds its tasks in the order in which they were first touched. */
  private noteFinished(tasks: readonly (Task | undefined)[]): void {
    const ended = tasks.filter(
      (task) => task !== undefined && isTerminal(task.status) && this.tasks.get(task.id) === task,
    );
    this.finishedOrder.add(ended as Task[]);
  }

  /** The visible task in a place of the order; undefined for a hole, and for a place that is no longer or not yet its own. */
  private taskAt(at: number): Task | undefined {
    const id = this.order[at];
    const task = id === undefined ? undefined : this.get(id);
    return task?.submitted_seq === this.seqs[at] ? task : undefined;
  }

  /** Puts a task in its place, or takes it away; the place of the one before stays until `forget`. */
  private replace(id: string, before: Task | undefined, task: Task | undefined): void {
    this.put(id, task);
    this.account(id, before, task);
  }

  private put(id: string, task: Task | undefined): void {
    if (task === undefined) this.tasks.delete(id);
    else this.tasks.set(id, task);
  }

  /** Keeps everything in step with a task that has been put. */
  private account(id: string, before: Task | undefined, task: Task | undefined): void {
    if (before !== undefined && this.cuts.size > 0) this.saveForCuts(before);
    if (before !== undefined && isTerminal(before.status)) this.finishedCount -= 1;
    if (task === undefined) return;
    if (isTerminal(task.status)) this.finishedCount += 1;
    this.receipts.noteTime(task.updated_at);
    if (before?.submitted_seq === task.submitted_seq) return;
    this.order.push(id);
    this.seqs.push(task.submitted_seq);
    const range = this.graphs.get(task.graph_id);
    if (range === undefined) {
      this.graphs.set(task.graph_id, { firstSeq: task.submitted_seq, lastSeq: task.submitted_seq, live: 1 });
    } else {
      range.lastSeq = task.submitted_seq;
      range.live += 1;
    }
  }

  private takeFrom(cut: OpenCut, count: number): Task[] {
    const taken: Task[] = [];
    for (; cut.at < cut.end && taken.length < count; cut.at += 1) {
      const seq = this.seqs[cut.at] as number;
      const id = this.order[cut.at];
      const task = cut.saved.get(seq) ?? (id === undefined ? undefined : this.tasks.get(id));
      cut.doneSeq = seq;
      if (task?.submitted_seq === seq) taken.push(task);
    }
    if (cut.at === cut.end) this.closeCut(cut);
    return taken;
  }

  /** Keeps what a cut has yet to give out; only the first change after the cut counts. */
  private saveForCuts(before: Task): void {
    const seq = before.submitted_seq;
    for (const cut of this.cuts) {
      if (seq > cut.doneSeq && seq <= cut.lastSeq && !cut.saved.has(seq)) cut.saved.set(seq, before);
    }
  }

  private closeCut(cut: OpenCut): void {
    cut.at = cut.end;
    cut.saved.clear();
    this.cuts.delete(cut);
  }

  /** Takes a task's place out of the order, and its graph away with its last task. */
  private forget(task: Task): void {
    const at = this.firstAtOrAfter(task.submitted_seq);
    this.order[at] = undefined;
    this.holes += 1;
    this.finishedOrder.remove(task.last_seq);
    const range = this.graphs.get(task.graph_id);
    if (range === undefined) return;
    range.live -= 1;
    if (range.live === 0) this.graphs.delete(task.graph_id);
  }

  /** Places do not move while a cut counts on them. */
  private tidy(): void {
    if (this.holes > 1000 && this.holes > this.order.length / 2 && this.cuts.size === 0) this.closeHoles();
  }

  private closeHoles(): void {
    let kept = 0;
    for (let at = 0; at < this.order.length; at += 1) {
      if (this.order[at] === undefined) continue;
      this.order[kept] = this.order[at];
      this.seqs[kept] = this.seqs[at] as number;
      kept += 1;
    }
    this.order.length = kept;
    this.seqs.length = kept;
    this.holes = 0;
  }

  /** Index of the first place whose seq is at least `seq`; the number of places if there is none. Binary search. */
  private firstAtOrAfter(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
