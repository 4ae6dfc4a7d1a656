import {
  ConfigError,
  ExecGoError,
  type Executor,
  isJsonObject,
  type RunContext,
  type TaskSpec,
  type Tool,
} from '@execgo/core';
import { type Behaviour, type FakeAttempt, succeeds } from './behaviour.js';
import { type Deferred, deferred } from './deferred.js';

export interface FakeExecutorOptions {
  /** @default 'os' */
  readonly category?: string;
  /** What tasks without a script do. @default succeeds() */
  readonly otherwise?: Behaviour;
  /** Refuses tasks at submit, by throwing. Default: every task is accepted whose input is an object, or absent. */
  readonly check?: (task: TaskSpec) => void | Promise<void>;
  /** @default one tool named `fake` that takes any object */
  readonly tools?: readonly Tool[];
}

/** An entry of the record: an attempt began, or settled. */
export interface FakeRunRecord {
  readonly kind: 'start' | 'success' | 'failure';
  readonly task: string;
  readonly attempt: number;
  /** Attempts under way after this, this one included when it began. */
  readonly running: number;
}

const ANY_OBJECT: Tool = {
  name: 'fake',
  description: 'Does what the test says.',
  input_schema: { type: 'object' },
};

/**
 * An executor that does what a test tells it, task by task and attempt by attempt, and keeps a record of what ran when.
 * It implements the whole port and holds nothing but its record, so a large graph may run through it.
 */
export class FakeExecutor implements Executor {
  readonly category: string;
  /** Every start and end, in the order they happened. */
  readonly record: FakeRunRecord[] = [];
  /** Most attempts that were under way at once. */
  maxRunning = 0;
  /** Most attempts of one and the same task that were under way at once: more than 1 only after one was abandoned. */
  maxRunningOfOneTask = 0;
  /** Store ids that `open` was called with. */
  readonly opened: string[] = [];
  closed = false;

  private readonly options: FakeExecutorOptions;
  private readonly scripts = new Map<string, readonly Behaviour[]>();
  private readonly starts = new Map<string, number>();
  private readonly underWay = new Set<Attempt>();
  private watchers: { readonly holds: () => boolean; readonly done: Deferred<void> }[] = [];

  constructor(options: FakeExecutorOptions = {}) {
    this.options = options;
    this.category = options.category ?? 'os';
  }

  /** What a task does: its first attempt the first behaviour, and so on; the last one serves all further attempts. */
  script(taskId: string, ...behaviours: readonly Behaviour[]): this {
    if (behaviours.length === 0) throw new ConfigError('behaviours', 'at least one behaviour', behaviours);
    this.scripts.set(taskId, behaviours);
    return this;
  }

  /** Ids of the tasks whose attempts are under way, in the order these began. */
  get running(): readonly string[] {
    return Array.from(this.underWay, ({ task }) => task.id);
  }

  /** Lets an attempt that waits for it go on: with an ExecGoError it fails with that, with anything else it succeeds with that. */
  release(taskId: string, outcome?: unknown): void {
    const attempts = Array.from(this.underWay).filter(({ task }) => task.id === taskId);
    if (attempts.length === 0) throw new ExecGoError('not_found', `no attempt of task "${taskId}" is under way`);
    for (const attempt of attempts) attempt.release(outcome);
  }

  /** How often a task was begun, over all of its attempts and resets. */
  startsOf(taskId: string): number {
    return this.starts.get(taskId) ?? 0;
  }

  /** Resolves when a task has been begun so many times. */
  started(taskId: string, times = 1): Promise<void> {
    return this.until(() => this.startsOf(taskId) >= times);
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.until(() => this.underWay.size === 0);
  }

  async open(life: { readonly storeId: string }): Promise<void> {
    this.opened.push(life.storeId);
  }

  async tools(): Promise<readonly Tool[]> {
    return this.options.tools ?? [ANY_OBJECT];
  }

  check(task: TaskSpec): void | Promise<void> {
    if (this.options.check !== undefined) return this.options.check(task);
    const input = task.params ?? task.input;
    if (input === undefined || isJsonObject(input)) return;
    throw new ExecGoError('invalid_input', `task "${task.id}": input: expected an object`);
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    const attempt = new Attempt(task, run);
    const behaviour = this.begin(attempt);
    try {
      const result = await behaviour(attempt);
      this.end(attempt, 'success');
      return result;
    } catch (error) {
      this.end(attempt, 'failure');
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private begin(attempt: Attempt): Behaviour {
    const { id } = attempt.task;
    const count = this.startsOf(id) + 1;
    this.starts.set(id, count);
    this.underWay.add(attempt);
    this.maxRunning = Math.max(this.maxRunning, this.underWay.size);
    const alike = this.underWay.size === 1 ? 1 : this.running.filter((running) => running === id).length;
    this.maxRunningOfOneTask = Math.max(this.maxRunningOfOneTask, alike);
    this.note('start', attempt);
    const script = this.scripts.get(id);
    return script?.[Math.min(count, script.length) - 1] ?? this.options.otherwise ?? succeeds();
  }

  private end(attempt: Attempt, kind: 'success' | 'failure'): void {
    this.underWay.delete(attempt);
    this.note(kind, attempt);
  }

  private note(kind: FakeRunRecord['kind'], { task, run }: Attempt): void {
    this.record.push({ kind, task: task.id, attempt: run.attempt, running: this.underWay.size });
    for (const watcher of this.watchers) if (watcher.holds()) watcher.done.resolve();
    if (this.watchers.length > 0) this.watchers = this.watchers.filter(({ holds }) => !holds());
  }

  private until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    const done = deferred();
    this.watchers.push({ holds, done });
    return done.promise;
  }
}

/** One attempt under way. Its gate is made when a behaviour asks for it, since most never do. */
class Attempt implements FakeAttempt {
  private gate: Deferred<unknown> | undefined;

  constructor(
    readonly task: TaskSpec,
    readonly run: RunContext,
  ) {}

  get released(): Promise<unknown> {
    this.gate ??= deferred<unknown>();
    return this.gate.promise;
  }

  release(outcome: unknown): void {
    if (this.gate === undefined)
      throw new ExecGoError('conflict', `the attempt of task "${this.task.id}" does not wait for a release`);
    if (outcome instanceof ExecGoError) this.gate.reject(outcome);
    else this.gate.resolve(outcome);
  }
}
