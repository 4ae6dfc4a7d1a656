import { type Clock, isTerminal, type OutputStore, type Task, type TaskStore } from '@execgo/core';
import { Fifo } from './fifo.js';

export interface OutputSweepOptions {
  readonly outputs: OutputStore;
  readonly tasks: TaskStore;
  readonly clock: Clock;
  /** Told what could not be read or removed; the rest goes on. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Removes outputs of tasks that are no more, in the background and one after another: those that an earlier life left, and those
 * of tasks that were replaced. What it does not come to before the end is found at the next start.
 */
export class OutputSweep {
  /** False once it is known that the store held nothing of a finished task when this life began. */
  mayHaveLeft = true;
  /** Tasks of earlier lives that will run (again), and of which there is something, as far as they have been found. */
  private readonly leftovers = new Set<number>();
  private isDone = false;
  private readonly waiting = new Fifo<number>();
  private work: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly options: OutputSweepOptions) {}

  /** @param lastSeq newest event at the start: what is newer belongs to this life */
  begin(lastSeq: number): void {
    this.run(() => this.sweep(lastSeq));
  }

  /**
   * Removes what is newer than the task store itself, which has lost its end (a backup, a power cut): tasks to come will have the
   * same `submitted_seq`. Nothing may run before.
   * @throws ExecGoError what the output store refuses with
   */
  async removeAbove(lastSeq: number): Promise<void> {
    const { outputs } = this.options;
    for await (const seqs of outputs.submittedSeqs()) {
      for (const seq of seqs) if (seq > lastSeq) await outputs.remove(seq);
    }
  }

  remove(submittedSeq: number): void {
    this.waiting.push(submittedSeq);
    if (this.waiting.length === 1) this.run(() => this.drain());
  }

  /** Whether an earlier life may have left something of a task that has not run in this one. */
  mayBeLeftOf(submittedSeq: number): boolean {
    return !this.isDone || this.leftovers.delete(submittedSeq);
  }

  /** Resolves when nothing of it is under way. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.work;
  }

  private run(job: () => Promise<void>): void {
    const before = this.work ?? Promise.resolve();
    this.work = before.then(job).catch(this.options.onProblem);
  }

  private async sweep(lastSeq: number): Promise<void> {
    let found = false;
    for await (const seqs of this.options.outputs.submittedSeqs()) {
      for (const seq of seqs) {
        if (this.stopping) return;
        const task = await this.taskOf(seq);
        if (task !== undefined) {
          found = true;
          if (!isTerminal(task.status)) this.leftovers.add(seq);
        } else if (seq <= lastSeq) await this.removeOne(seq);
      }
      await new Promise<void>((resolve) => this.options.clock.turn(resolve));
    }
    this.mayHaveLeft = found;
    this.isDone = true;
  }

  private async drain(): Promise<void> {
    while (!this.stopping) {
      const seq = this.waiting.peek();
      if (seq === undefined) return;
      await this.removeOne(seq);
      this.waiting.shift();
    }
  }

  private async taskOf(submittedSeq: number): Promise<Task | undefined> {
    const { tasks } = await this.options.tasks.list({ before: submittedSeq + 1, limit: 1 });
    return tasks[0]?.submitted_seq === submittedSeq ? tasks[0] : undefined;
  }

  private async removeOne(submittedSeq: number): Promise<void> {
    try {
      await this.options.outputs.remove(submittedSeq);
    } catch (error) {
      this.options.onProblem(error);
    }
  }
}
