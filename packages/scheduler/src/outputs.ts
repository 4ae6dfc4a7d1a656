import { randomBytes } from 'node:crypto';
import {
  ExecGoError,
  errorMessage,
  isTerminal,
  type OpenedStore,
  OUTPUT_STREAMS,
  type OutputRange,
  type OutputSize,
  type OutputStore,
  type OutputStream,
  type Task,
  type TaskEvent,
  type TaskOutputState,
  type TaskStore,
} from '@execgo/core';
import { Attempt } from './attempt.js';
import { AttemptOutput, type AttemptOutputHost, type LossReason } from './attempt-output.js';
import { Bells } from './bells.js';
import type { GraphIndex, TaskNode } from './graph-index.js';
import { OUTPUT_PATIENCE_MS, type ResolvedSchedulerOptions } from './options.js';
import { OutputSweep } from './output-sweep.js';
import { isResultTruncated, streamOfResult } from './result-output.js';
import { taskNotFound } from './views.js';

export interface OutputsParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
}

/** Where the output of a task's newest attempt is to be found. */
export interface LocatedOutput {
  readonly task: Task;
  readonly run: string;
  readonly attempt: number;
  readonly live: boolean;
  /** What is captured of it in this process; otherwise it is in the output store, or in the result. */
  readonly output: AttemptOutput | undefined;
}

/** How much can be read of a task's output, and where: decided once, since the output store may lose it between two reads. */
export interface SizedOutput extends Readonly<Record<OutputStream, OutputSize>> {
  /** In the output store; otherwise in the memory of its attempt, or in the result. */
  readonly isInStore: boolean;
}

/** What is needed of a task that is gone. */
type DeletedTask = Pick<Task, 'id' | 'submitted_seq'>;

/** An attempt whose output is not kept whole. */
interface Loss {
  readonly attempt: number;
  /** Bytes that it wrote. */
  readonly came: Readonly<Record<OutputStream, number>>;
}

/** Attempts without their whole output that are remembered, the newest ones: where the store failed, it cannot tell of it. */
const REMEMBERED_LOSSES = 1000;
/** A task that ends while it is looked up is looked up again; so often at most, since each time something must have happened to it. */
const MAX_LOOKS = 10;
const NOTHING: OutputSize = { bytes: 0, kept: 0, truncated: false };

/**
 * What attempts write: held in memory while it is little, in the output store once it is much, and in the result alone where
 * that repeats it. Output never fails a task: what goes wrong is counted, told, and marks the output as incomplete.
 */
export class Outputs implements AttemptOutputHost {
  readonly store: OutputStore | undefined;
  readonly bufferBytes: number;
  readonly bells = new Bells();
  /** Attempts whose output was not kept whole, although there is a store for it. */
  incompleteCount = 0;
  /** Of attempts that have written and whose end is not durable yet, by the `submitted_seq` of the task. */
  private readonly captured = new Map<number, AttemptOutput>();
  /** Unfinished tasks of which the store holds something, as far as this life has put it there. */
  private readonly spilledTasks = new Set<number>();
  private readonly losses = new Map<number, Loss>();
  /** Random: that an attempt is named anew in every life of the store, where it may be run again. */
  private readonly life = randomBytes(4).toString('hex');
  private readonly sweep: OutputSweep | undefined;
  private refusal: string | undefined;
  private everSpilled = false;
  private opened = false;
  private isClosed = false;

  constructor(private readonly parts: OutputsParts) {
    const { options, store } = parts;
    this.store = options.outputStore;
    this.bufferBytes = options.outputBufferBytes;
    if (this.store === undefined) return;
    this.sweep = new OutputSweep({
      outputs: this.store,
      tasks: store,
      clock: options.clock,
      onProblem: (error) => this.noteRefusal(error),
    });
  }

  /** Whether events have to be shown to `published`. */
  get isConcerned(): boolean {
    return this.captured.size > 0 || this.spilledTasks.size > 0 || this.bells.size > 0;
  }

  /** Whether the output store may hold something of finished tasks. */
  get mayHoldAny(): boolean {
    return this.everSpilled || this.sweep?.mayHaveLeft === true;
  }

  /** What is wrong with the output store, by what it said last. */
  get problem(): string | undefined {
    return this.refusal;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * What the store holds of tasks that are gone is removed, in the background; before that, what could be taken for the output of
   * tasks to come.
   * @throws ExecGoError what the output store refuses with
   */
  async open({ storeId, lastSeq }: OpenedStore): Promise<void> {
    if (this.store === undefined) return;
    await this.store.open({ storeId });
    this.opened = true;
    await this.sweep?.removeAbove(lastSeq);
    this.sweep?.begin(lastSeq);
  }

  /** Ends every watch, and closes the store. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.bells.ringAll();
    if (!this.opened) return;
    await this.sweep?.stop();
    await this.store?.close();
  }

  /** An attempt begins: what an earlier run of its task left counts no more. */
  begin(attempt: Attempt): void {
    const { node } = attempt;
    this.bells.ring(node.id);
    if (this.store === undefined) return;
    const seq = seqOf(node);
    const fromEarlier = node.graph.isRecovered && this.sweep?.mayBeLeftOf(seq) === true;
    if (fromEarlier || this.spilledTasks.has(seq)) this.capture(attempt, this.removeNow(seq));
  }

  /** @returns a promise where the executor should wait; it never rejects */
  write(attempt: Attempt, stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    const output = attempt.captured ?? this.capture(attempt, undefined);
    return output.append(stream, chunk);
  }

  /** The attempt counts for nothing: neither does what it wrote. */
  drop({ node, captured }: Attempt): void {
    const seq = seqOf(node);
    if (this.captured.get(seq) === captured) this.captured.delete(seq);
  }

  /** What the store now says of a task is durable: its own record tells where the output is. */
  published(event: TaskEvent, node: TaskNode): void {
    if (event.type === 'task_retried') {
      const output = this.captured.get(seqOf(node));
      if (output?.attempt === event.attempt) this.forget(output);
    } else if (node.settled) {
      const output = this.captured.get(seqOf(node));
      if (output !== undefined) this.forget(output);
      this.spilledTasks.delete(seqOf(node));
      this.bells.ring(node.id);
    }
  }

  /** Tasks were deleted. Resolves when their output is gone too, or could not be removed in time: the next start finds it. */
  async remove(tasks: readonly DeletedTask[]): Promise<void> {
    for (const { id, submitted_seq } of tasks) {
      this.bells.ring(id);
      this.losses.delete(submitted_seq);
    }
    if (this.store === undefined || !this.mayHoldAny) return;
    const removals = Promise.all(tasks.map(({ submitted_seq }) => this.removeNow(submitted_seq)));
    await this.inTime(removals, (error) => this.noteRefusal(error));
  }

  /** Tasks were replaced. */
  removeLater(tasks: readonly Task[]): void {
    for (const { id, submitted_seq } of tasks) {
      this.bells.ring(id);
      this.losses.delete(submitted_seq);
      this.sweep?.remove(submitted_seq);
    }
  }

  async state(id: string): Promise<TaskOutputState> {
    const located = await this.locate(id);
    const { task, run, attempt, live } = located;
    const { stdout, stderr } = await this.sizes(located);
    return { task_id: id, run, attempt, status: task.status, live, stdout, stderr };
  }

  async readRange(id: string, stream: OutputStream, range: OutputRange): Promise<Uint8Array> {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, run } = range;
    if (!OUTPUT_STREAMS.includes(stream)) throw new ExecGoError('invalid_input', 'stream: expected stdout or stderr');
    for (const [name, value] of Object.entries({ start, end })) {
      if (Number.isSafeInteger(value) && value >= 0) continue;
      throw new ExecGoError('invalid_input', `${name}: expected a whole number, 0 or more, got ${value}`);
    }
    const located = await this.locate(id);
    if (run !== undefined && run !== located.run) {
      throw new ExecGoError('conflict', `task "${id}" has run again: that output is no longer the newest`);
    }
    return this.read(located, await this.sizes(located), stream, { start, end });
  }

  /** Where the output of a task is now. @throws ExecGoError `not_found` */
  async locate(id: string): Promise<LocatedOutput> {
    for (let look = 1; ; look += 1) {
      const [task] = await this.parts.store.getMany([id]);
      if (task === undefined) throw taskNotFound(id);
      const seq = task.submitted_seq;
      const node = this.parts.index.get(id);
      if (!isTerminal(task.status) && node !== undefined && !node.settled && seqOf(node) === seq) {
        const live = node.live instanceof Attempt ? node.live : undefined;
        const output = live === undefined ? this.captured.get(seq) : live.captured;
        return this.located(task, node.attempt, live !== undefined, output);
      }
      // What was read is older than what the index says: it has ended, or was replaced, in between.
      if (!isTerminal(task.status) && look < MAX_LOOKS) continue;
      return this.located(task, task.runtime?.attempt ?? 0, false, this.captured.get(seq));
    }
  }

  async sizes({ task, attempt, live, output }: LocatedOutput): Promise<SizedOutput> {
    if (output !== undefined) return { ...(await output.sizes()), isInStore: false };
    if (live || attempt === 0) return { stdout: NOTHING, stderr: NOTHING, isInStore: false };
    const stored = await this.store?.size({ submittedSeq: task.submitted_seq, attempt });
    const loss = this.losses.get(task.submitted_seq);
    const size = (stream: OutputStream): OutputSize => {
      const kept = stored?.[stream].kept ?? streamOfResult(task.result, stream).length;
      const known = stored?.[stream].bytes ?? kept;
      const bytes = loss?.attempt === attempt ? Math.max(known, loss.came[stream]) : known;
      const isCut = stored === undefined ? isResultTruncated(task.result) : !stored.finished;
      return { bytes, kept, truncated: kept < bytes || isCut };
    };
    return { stdout: size('stdout'), stderr: size('stderr'), isInStore: stored !== undefined };
  }

  /** @returns fewer bytes, or none, where the output has gone since `sized` */
  async read(
    { task, attempt, live, output }: LocatedOutput,
    sized: SizedOutput,
    stream: OutputStream,
    { start, end }: { readonly start: number; readonly end: number },
  ): Promise<Uint8Array> {
    if (output !== undefined) return output.read(stream, start, end);
    if (this.store !== undefined && sized.isInStore) {
      return this.store.read({ submittedSeq: task.submitted_seq, attempt }, stream, start, end);
    }
    if (live || attempt === 0) return new Uint8Array(0);
    return streamOfResult(task.result, stream).subarray(start, end);
  }

  grown(output: AttemptOutput): void {
    this.bells.ring(output.taskId);
  }

  spilled(output: AttemptOutput): void {
    this.everSpilled = true;
    this.spilledTasks.add(output.key.submittedSeq);
  }

  finished(): void {
    this.refusal = undefined;
  }

  inTime(work: Promise<unknown>, onLate: (error: ExecGoError) => void): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.options.clock.after(OUTPUT_PATIENCE_MS, () => {
        onLate(lateStore());
        resolve();
      });
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }

  lost(output: AttemptOutput, reason: LossReason): void {
    if (reason.kind === 'no-store') return;
    this.incompleteCount += 1;
    const whose = `output of task "${output.taskId}", attempt ${output.attempt}, is not kept whole`;
    if (reason.kind === 'refused') {
      this.noteRefusal(reason.error, whose);
      return;
    }
    const problem = `${whose}: its executor did not wait for the output store`;
    this.parts.options.onOutputProblem?.(new ExecGoError('resource_exhausted', problem));
  }

  private capture(attempt: Attempt, cleared: Promise<void> | undefined): AttemptOutput {
    const key = { submittedSeq: seqOf(attempt.node), attempt: attempt.attempt };
    const output = new AttemptOutput(key, attempt.node.id, this, cleared);
    attempt.captured = output;
    this.captured.set(key.submittedSeq, output);
    return output;
  }

  private forget(output: AttemptOutput): void {
    const { submittedSeq } = output.key;
    this.captured.delete(submittedSeq);
    this.losses.delete(submittedSeq);
    if (!output.isIncomplete) return;
    this.losses.set(submittedSeq, { attempt: output.attempt, came: output.came });
    if (this.losses.size > REMEMBERED_LOSSES) this.losses.delete(this.losses.keys().next().value as number);
  }

  private located(task: Task, attempt: number, live: boolean, found: AttemptOutput | undefined): LocatedOutput {
    const run = `${this.life}.${task.submitted_seq}.${attempt}`;
    return { task, run, attempt, live, output: found?.attempt === attempt ? found : undefined };
  }

  private async removeNow(submittedSeq: number): Promise<void> {
    try {
      await this.store?.remove(submittedSeq);
    } catch (error) {
      this.noteRefusal(error);
    }
  }

  private noteRefusal(cause: unknown, whose = 'old output could not be removed'): void {
    const error = new ExecGoError('unavailable', `${whose}: ${errorMessage(cause)}`, { cause });
    this.refusal = error.message;
    this.parts.options.onOutputProblem?.(error);
  }
}

/** Every task that runs, or may run, is one of a graph. */
function seqOf(node: TaskNode): number {
  return node.graph.submittedSeqOf(node) ?? -1;
}

/** What is told where the output store lets others wait for too long. */
export function lateStore(): ExecGoError {
  return new ExecGoError('unavailable', `the output store did not answer within ${OUTPUT_PATIENCE_MS} ms`);
}
