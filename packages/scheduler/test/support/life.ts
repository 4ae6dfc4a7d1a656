import { isTerminal, type Task, type TaskEvent, type TaskSpec } from '@execgo/core';
import {
  type Behaviour,
  FakeClock,
  FakeExecutor,
  fails,
  foldEvents,
  type GraphScenario,
  seededRandom,
  takes,
} from '@execgo/testkit';
import { expect } from 'vitest';
import { createScheduler, type Scheduler } from '../../src/index.js';
import { type Journal, JournalStore } from './journal-store.js';

/** What a random life is made of. */
export interface LifeOptions {
  readonly scenario: GraphScenario;
  readonly seed: number;
  readonly maxConcurrency: number;
  readonly mcpConcurrency: number;
  readonly clock?: FakeClock;
  readonly journal?: Journal;
}

/** A store whose appends take a random time to become durable; several are under way at once. */
class SlowStore extends JournalStore {
  constructor(
    private readonly clock: FakeClock,
    private readonly random: () => number,
    journal: Journal,
  ) {
    super(journal);
    this.hold();
  }

  override append(events: readonly TaskEvent[]): Promise<void> {
    const done = super.append(events);
    this.clock.after(Math.floor(this.random() * 12), () => void this.release(1));
    return done;
  }
}

/**
 * One life of a scheduler whose executors act a scenario out, each attempt for a random time, some deaf to their signal. It
 * watches what begins: whether the dependencies were durably successful, and whether the limits hold.
 */
export class Life {
  readonly clock: FakeClock;
  readonly store: SlowStore;
  readonly scheduler: Scheduler;
  /** Attempts that began, as `task#attempt`. */
  readonly begun: string[] = [];
  readonly problems: string[] = [];
  private readonly random: () => number;
  private readonly running = new Map<string, number>();
  private runningInAll = 0;

  constructor(private readonly options: LifeOptions) {
    this.clock = options.clock ?? new FakeClock();
    this.random = seededRandom(options.seed);
    this.store = new SlowStore(this.clock, this.random, options.journal ?? []);
    const executors = ['os', 'mcp'].map((category) => new FakeExecutor({ category, otherwise: this.act }));
    this.scheduler = createScheduler({
      clock: this.clock,
      store: this.store,
      executors,
      maxConcurrency: options.maxConcurrency,
      categoryConcurrency: { mcp: options.mcpConcurrency },
    });
  }

  get idsRunning(): readonly string[] {
    return [...this.running].filter(([, count]) => count > 0).map(([id]) => id);
  }

  /** The durable state of every task. */
  fold(): ReadonlyMap<string, Task> {
    return foldEvents(this.store.journal);
  }

  async stop(): Promise<void> {
    await this.clock.runUntil(this.scheduler.stop({ graceMs: 0 }));
  }

  private readonly act: Behaviour = async (attempt) => {
    const { task, run } = attempt;
    this.begin(task, run.attempt);
    try {
      const ms = Math.floor(this.random() * 30);
      if (this.random() < 0.3) await new Promise<void>((resolve) => this.clock.after(ms, resolve));
      else await takes(this.clock, ms)(attempt);
      const outcome = this.options.scenario.outcomes.get(task.id);
      if (outcome !== undefined && run.attempt <= outcome.failures) return await fails(outcome.code)(attempt);
      return `result of ${task.id}`;
    } finally {
      this.running.set(task.id, (this.running.get(task.id) ?? 0) - 1);
      this.runningInAll -= 1;
    }
  };

  private begin(task: TaskSpec, attempt: number): void {
    this.begun.push(`${task.id}#${attempt}`);
    this.running.set(task.id, (this.running.get(task.id) ?? 0) + 1);
    this.runningInAll += 1;
    const mcp = this.idsRunning.filter(
      (id) => this.options.scenario.tasks.find((one) => one.id === id)?.type === 'mcp',
    );
    if (this.runningInAll > this.options.maxConcurrency) this.problems.push(`${this.runningInAll} attempts at once`);
    if (mcp.length > this.options.mcpConcurrency) this.problems.push(`${mcp.length} attempts of mcp at once`);
    if ((this.running.get(task.id) ?? 0) > 1) this.problems.push(`two attempts of ${task.id} at once`);
    const succeeded = new Set<string>();
    for (const event of this.store.journal) if (event.type === 'task_succeeded') succeeded.add(event.task_id);
    for (const id of task.depends_on) {
      if (!succeeded.has(id)) this.problems.push(`${task.id} began before the success of ${id} was durable`);
    }
  }
}

/** What must hold of the durable events whatever happened: the rules of skips, of ends, and of the one sequence. */
export function checkJournal(journal: readonly TaskEvent[]): void {
  const ends = new Map<string, TaskEvent['type'][]>();
  const begun = new Set<string>();
  for (const [at, event] of journal.entries()) {
    if (event.seq !== at + 1) expect(event.seq).toBe(at + 1);
    if (event.type === 'task_started') begun.add(event.task_id);
    if (/_(succeeded|failed|cancelled|skipped)$/.test(event.type) && 'task_id' in event) {
      ends.set(event.task_id, [...(ends.get(event.task_id) ?? []), event.type]);
    }
  }
  const tasks = foldEvents(journal);
  for (const task of tasks.values()) {
    expect([task.id, isTerminal(task.status)]).toEqual([task.id, true]);
    expect([task.id, ends.get(task.id)?.length]).toEqual([task.id, 1]);
    const unmet = task.spec.depends_on.some((id) => tasks.get(id)?.status !== 'success');
    const cancelled = ends.get(task.id)?.[0] === 'task_cancelled';
    // A task may have been cancelled before what it depends on failed; apart from that, skipped are exactly those below a failure.
    if (!cancelled) expect([task.id, task.status === 'skipped']).toEqual([task.id, unmet]);
    if (task.status === 'skipped') expect([task.id, begun.has(task.id)]).toEqual([task.id, false]);
  }
}

/** The store shows what the fold of its events says, and so do the scheduler's own counts. */
export async function checkStore(life: Life): Promise<void> {
  const tasks = life.fold();
  const { tasks: shown } = await life.scheduler.list({});
  expect(new Map(shown.map((task) => [task.id, task]))).toEqual(tasks);
  const unfinished = [...tasks.values()].filter(({ status }) => !isTerminal(status)).length;
  expect(life.scheduler.stats()).toMatchObject({ unfinished, running: 0, ready: 0, uncommittedBytes: 0 });
}
