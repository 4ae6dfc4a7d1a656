import { isExecGoError } from '@execgo/core';
import { type EndingParts, endRun } from './end-run.js';

/** Runs remembered at most; the oldest are forgotten first, and end by their own limits. */
const MAX_REMEMBERED = 10_000;

interface AbandonedRun {
  readonly id: string;
  readonly taskId: string;
  readonly owner: string | undefined;
  /** Under way. */
  ending?: Promise<void>;
}

/**
 * Runs that were given up while the runtime could not be told: they are ended as soon as it can. A further attempt of their task
 * waits for that, so that it does not run beside the one before it; other tasks do not.
 */
export class AbandonedRuns {
  private readonly runs = new Map<string, AbandonedRun>();

  constructor(private readonly parts: EndingParts) {}

  add(id: string, taskId: string, owner: string | undefined): void {
    this.runs.set(id, { id, taskId, owner });
    for (const oldest of this.runs.keys()) {
      if (this.runs.size <= MAX_REMEMBERED) break;
      this.runs.delete(oldest);
    }
  }

  /**
   * Resolves when no run of this task is left; tries the runs of other tasks too.
   *
   * @throws ExecGoError where one of this task could still not be ended
   */
  async endOf(taskId: string): Promise<void> {
    const all = [...this.runs.values()];
    this.tryAll();
    await Promise.all(all.filter((run) => run.taskId === taskId).map((run) => this.end(run)));
  }

  /** What fails here is tried again the next time. */
  tryAll(): void {
    for (const run of this.runs.values()) this.end(run).catch(() => undefined);
  }

  private end(run: AbandonedRun): Promise<void> {
    run.ending ??= this.endOne(run).finally(() => {
      delete run.ending;
    });
    return run.ending;
  }

  private async endOne({ id, owner }: AbandonedRun): Promise<void> {
    try {
      await endRun(this.parts, id, owner);
    } catch (error) {
      // A refusal is an answer too: it is another's, and asking again changes nothing.
      if (isExecGoError(error) && error.retryable) throw error;
    }
    this.runs.delete(id);
  }
}
