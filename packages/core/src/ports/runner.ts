import type { TaskSpec } from '../task.js';
import type { RunContext } from './executor.js';

/** Where attempts happen: by default the executors of this process. */
export interface Runner {
  /** One attempt, as `Executor.execute`. */
  run(task: TaskSpec, context: RunContext): Promise<unknown>;
}
