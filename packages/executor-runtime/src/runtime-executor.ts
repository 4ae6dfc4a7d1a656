import type { Executor, RunContext, TaskSpec, Tool } from '@execgo/core';
import { withTask } from '@execgo/tool-input';
import { AbandonedRuns } from './abandoned-runs.js';
import { type ResolvedRuntimeOptions, type RuntimeExecutorOptions, resolveRuntimeOptions } from './options.js';
import { checkInput, inputOf, RUNTIME_TOOLS, readInput } from './run-input.js';
import { RuntimeClient } from './runtime-client.js';
import { RuntimeHealth } from './runtime-health.js';
import { type RunParts, RuntimeRun } from './runtime-run.js';
import { CATEGORY, checkTool, executionTool } from './runtime-tool.js';
import { SharedTimer } from './shared-timer.js';

/** An executor that knows where its runtime is. */
export interface RuntimeExecutor extends Executor {
  /** `host:port` of the runtime: an address that tasks of other kinds have no business with. */
  readonly address: string;
}

/**
 * The executor of category `runtime`: the tools `command` and `script`, run by an execgo-runtime server. Nothing is connected
 * before it is needed; `close` cuts the connections. A task's `input` wins over its `params`.
 *
 * @throws ConfigError for a bad option
 */
export function createRuntimeExecutor(options: RuntimeExecutorOptions): RuntimeExecutor {
  return new HttpRuntimeExecutor(resolveRuntimeOptions(options));
}

class HttpRuntimeExecutor implements RuntimeExecutor {
  readonly category = CATEGORY;
  readonly address: string;
  private readonly parts: RunParts;
  private readonly readiness: RuntimeHealth;

  constructor(options: ResolvedRuntimeOptions) {
    this.address = options.target.address;
    const ending = { client: new RuntimeClient(options), options, timer: new SharedTimer(options.clock) };
    this.parts = { ...ending, abandoned: new AbandonedRuns(ending) };
    this.readiness = new RuntimeHealth(ending.client, options.clock);
  }

  async tools(): Promise<readonly Tool[]> {
    return RUNTIME_TOOLS;
  }

  check(task: TaskSpec): void {
    try {
      checkTool(task);
      const { raw, path } = inputOf(task);
      checkInput(raw, path, executionTool(task));
    } catch (error) {
      throw withTask(error, task);
    }
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    checkTool(task);
    const { raw, path } = inputOf(task);
    return new RuntimeRun(this.parts, task, readInput(raw, path, executionTool(task)), run).outcome();
  }

  /**
   * Asks the runtime whether it is ready, once in a few seconds; one that is gets told of the runs that were given up while it
   * was not.
   */
  async health(): Promise<void> {
    await this.readiness.check();
    this.parts.abandoned.tryAll();
  }

  async close(): Promise<void> {
    this.parts.timer.close();
    await this.parts.client.close();
  }
}
