import type { RuntimeError, SubmitOptions, SubmitReceipt, Task, TaskEvent, TaskGraphInput } from '@execgo/core';
import { FakeClock, FakeExecutor } from '@execgo/testkit';
import { onTestFinished } from 'vitest';
import { createScheduler, type RecoverySummary, type Scheduler, type SchedulerOptions } from '../../src/index.js';
import { type Journal, JournalStore } from './journal-store.js';

export interface KernelSetup extends Partial<Omit<SchedulerOptions, 'store' | 'clock' | 'executors'>> {
  readonly executor?: FakeExecutor;
  /** Executors of further categories. */
  readonly others?: SchedulerOptions['executors'];
  readonly clock?: FakeClock;
  /** What an earlier life left. */
  readonly journal?: Journal;
  readonly store?: JournalStore;
}

/** A scheduler on a clock that stands still, over a store that the test controls. */
export class TestKernel {
  recovered: RecoverySummary | undefined;
  private crashed = false;

  constructor(
    readonly scheduler: Scheduler,
    readonly clock: FakeClock,
    readonly store: JournalStore,
    readonly executor: FakeExecutor,
  ) {}

  /** Submits and lets everything happen that happens at once. */
  async submit(graph: TaskGraphInput, options?: SubmitOptions): Promise<SubmitReceipt> {
    const receipt = await this.scheduler.submit(graph, options);
    await this.clock.settle();
    return receipt;
  }

  /** Submits a graph and lets time pass until all of it is terminal. */
  async run(graph: TaskGraphInput): Promise<ReadonlyMap<string, Task>> {
    const { graph_id, task_ids } = await this.scheduler.submit(graph);
    await this.clock.runUntil(this.scheduler.graph(graph_id, {}));
    const tasks = await this.store.getMany(task_ids);
    return new Map(tasks.flatMap((task) => (task === undefined ? [] : [[task.id, task]])));
  }

  /** Lets time pass until a task is terminal. */
  end(id: string): Promise<Task> {
    return this.clock.runUntil(this.scheduler.wait(id));
  }

  /** What is durable of a task. */
  async stored(id: string): Promise<Task | undefined> {
    const [task] = await this.store.getMany([id]);
    return task;
  }

  /** The types of the durable events of a task, in order. */
  history(id: string): readonly TaskEvent['type'][] {
    return this.store.journal.flatMap((event) => ('task_id' in event && event.task_id === id ? [event.type] : []));
  }

  /** The process dies without a word; what was durable stays in the journal. */
  crash(durable = 0): Journal {
    this.store.crash(durable);
    this.crashed = true;
    return this.store.journal;
  }

  async stop(graceMs = 0): Promise<void> {
    if (this.crashed) return;
    await this.clock.runUntil(this.scheduler.stop({ graceMs }));
  }
}

/** A kernel that runs; it is stopped when the test is over. */
export async function startKernel(setup: KernelSetup = {}): Promise<TestKernel> {
  const kernel = newKernel(setup);
  kernel.recovered = await kernel.clock.runUntil(kernel.scheduler.start());
  await kernel.clock.settle();
  onTestFinished(async () => {
    await kernel.store.release();
    await kernel.stop();
  });
  return kernel;
}

/** A kernel that was not started. */
export function newKernel(setup: KernelSetup = {}): TestKernel {
  const { executor = new FakeExecutor(), others = [], clock = new FakeClock(), journal, store, ...options } = setup;
  const journalStore = store ?? new JournalStore(journal);
  const scheduler = createScheduler({ ...options, clock, store: journalStore, executors: [executor, ...others] });
  return new TestKernel(scheduler, clock, journalStore, executor);
}

/** The structured error a task ended with. */
export function errorOf(task: Task | undefined): RuntimeError | undefined {
  return task?.runtime?.error;
}
