import { isExecGoError } from '@execgo/core';
import { type EndingParts, endRun } from './end-run.js';

/** Runs remembered at most; the oldest are forgotten first, and end by their own limits. */
const MAX_REMEMBERED = 10_000;

/**
 * Runs that were given up while the runtime could not be told: they are ended as soon as it can, and before anything new is
 * submitted, so that a further attempt of a task does not run beside the one before it.
 */
export class AbandonedRuns {
  private readonly owners = new Map<string, string | undefined>();
  private ending: Promise<void> | undefined;

  constructor(private readonly parts: EndingParts) {}

  add(id: string, owner: string | undefined): void {
    this.owners.set(id, owner);
    for (const oldest of this.owners.keys()) {
      if (this.owners.size <= MAX_REMEMBERED) break;
      this.owners.delete(oldest);
    }
  }

  /** @throws ExecGoError where one of them could still not be ended */
  end(): Promise<void> {
    if (this.owners.size === 0) return Promise.resolve();
    this.ending ??= this.endAll().finally(() => {
      this.ending = undefined;
    });
    return this.ending;
  }

  private async endAll(): Promise<void> {
    await Promise.all([...this.owners].map(([id, owner]) => this.endOne(id, owner)));
  }

  private async endOne(id: string, owner: string | undefined): Promise<void> {
    try {
      await endRun(this.parts, id, owner);
    } catch (error) {
      // A refusal is an answer too: it is another's, and asking again changes nothing.
      if (isExecGoError(error) && error.retryable) throw error;
    }
    this.owners.delete(id);
  }
}
