import {
  ConfigError,
  ExecGoError,
  type Executor,
  type RunContext,
  type Runner,
  type TaskSpec,
  unknownType,
} from '@execgo/core';

/** The executors of this process, by category. */
export class LocalRunner implements Runner {
  private readonly byCategory = new Map<string, Executor>();

  constructor(readonly executors: readonly Executor[]) {
    for (const executor of executors) {
      if (this.byCategory.has(executor.category)) {
        throw new ConfigError('executors', 'one executor per category', `two of category ${executor.category}`);
      }
      this.byCategory.set(executor.category, executor);
    }
  }

  get categories(): readonly string[] {
    return [...this.byCategory.keys()].sort();
  }

  /** @throws ExecGoError `invalid_input` for a type nobody serves */
  checkType({ type }: TaskSpec): void {
    if (!this.byCategory.has(type)) throw unknownType(type, this.categories);
  }

  /**
   * What is wrong with a task of a type that is served; of another one, `run` says it.
   * @throws ExecGoError whatever its executor says
   */
  check(task: TaskSpec): void | Promise<void> {
    return this.byCategory.get(task.type)?.check?.(task);
  }

  run(task: TaskSpec, context: RunContext): Promise<unknown> {
    const executor = this.byCategory.get(task.type);
    if (executor === undefined) {
      return Promise.reject(new ExecGoError('not_found', `no executor serves tasks of type "${task.type}"`));
    }
    return executor.execute(task, context);
  }
}
