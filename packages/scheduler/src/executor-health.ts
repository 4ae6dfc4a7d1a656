import { type Clock, ExecGoError, type Executor, errorMessage } from '@execgo/core';

/** Asks executors how they are: for a bounded time, and each of them once at a time, however many want to know. */
export class ExecutorHealth {
  private readonly underWay = new Map<Executor, Promise<void>>();

  constructor(
    private readonly executors: readonly Executor[],
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** What is wrong, by category; an executor that does not answer in time is wrong too. */
  async problems(): Promise<ReadonlyMap<string, string>> {
    const problems = new Map<string, string>();
    const checks = this.executors.map(async (executor) => {
      if (executor.health === undefined) return;
      try {
        await this.inTime(this.ask(executor));
      } catch (error) {
        problems.set(executor.category, errorMessage(error));
      }
    });
    await Promise.all(checks);
    return problems;
  }

  private ask(executor: Executor): Promise<void> {
    const asked = this.underWay.get(executor);
    if (asked !== undefined) return asked;
    // In an async function: one that throws instead of rejecting is no different.
    const answer = (async () => executor.health?.())().finally(() => this.underWay.delete(executor));
    this.underWay.set(executor, answer);
    return answer;
  }

  private inTime(answer: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new ExecGoError('unavailable', `did not answer within ${this.timeoutMs} ms`));
      const cancel = this.clock.after(this.timeoutMs, late);
      answer.then(resolve, reject).finally(cancel);
    });
  }
}
