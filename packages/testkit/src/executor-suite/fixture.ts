import { randomUUID } from 'node:crypto';
import { ExecGoError, type Executor, type RunErrorCode, type TaskSpec } from '@execgo/core';
import { afterEach, beforeEach } from 'vitest';
import { spec } from '../build-task.js';
import type { FakeRun } from '../fake-run.js';

/** Of this process alone: opening an executor ends what carries the marker of the same store. */
export const STORE_OF_SUITE = `store-of-suite-${randomUUID()}`;

/** An executor with the place it works in. */
export interface ExecutorFixture {
  /** Neither opened nor used before. */
  readonly executor: Executor;
  /** Rejects or throws when something that an attempt began is still there: a process, a file, a connection. */
  leavesNothing?(): void | Promise<void>;
  /** Removes the place, after the executor was closed. */
  dispose?(): void | Promise<void>;
}

/** The fields of a task that matter to a case, or a function that makes them for the fixture of its test. */
export type CaseTask<F extends ExecutorFixture> = Partial<TaskSpec> | ((fixture: F) => Partial<TaskSpec>);

interface ExecutorCase<F extends ExecutorFixture> {
  readonly name: string;
  readonly task: CaseTask<F>;
}

/** A task that passes `check` and succeeds. */
export interface SucceedingCase<F extends ExecutorFixture> extends ExecutorCase<F> {
  /** What the result must match: equal, or for objects at least these members. */
  readonly result: unknown;
  /** This task is over at once, so that it has no need of the signal (which costs the scheduler something to make). */
  readonly leavesSignalAlone?: boolean;
}

/** A task that passes `check` and fails when it is run. */
export interface FailingCase<F extends ExecutorFixture> extends ExecutorCase<F> {
  readonly code: RunErrorCode;
  /** What `details.result` must match: the output of a failed attempt. */
  readonly result?: unknown;
}

/** A task that `check` refuses. */
export interface RefusedCase<F extends ExecutorFixture> extends ExecutorCase<F> {
  readonly code: 'invalid_input' | 'denied' | 'not_found';
  /** What the message must hold: the name of the field, for `invalid_input`. */
  readonly mentions?: string;
}

/** A task that runs until it is aborted. */
export interface EndlessCase<F extends ExecutorFixture> extends ExecutorCase<F> {
  /** Resolves when the work is really under way. Default: at once. */
  readonly begun?: (fixture: F, run: FakeRun) => Promise<void>;
}

export interface ExecutorSuiteOptions<F extends ExecutorFixture> {
  /** A fresh one for each test; the suite opens and closes the executor. */
  readonly makeFixture: () => F | Promise<F>;
  readonly category: string;
  readonly succeeds: readonly SucceedingCase<F>[];
  readonly fails: readonly FailingCase<F>[];
  readonly refuses: readonly RefusedCase<F>[];
  readonly endless: readonly EndlessCase<F>[];
  /** Most milliseconds from an abort to the end of its attempt. @default 5,000 */
  readonly abortWithinMs?: number;
}

/** Gives each test of the enclosing `describe` a fresh executor, open, and closes it afterwards. */
export function useExecutor<F extends ExecutorFixture>(options: ExecutorSuiteOptions<F>): { readonly fixture: F } {
  let current: F | undefined;
  beforeEach(async () => {
    current = await options.makeFixture();
    await current.executor.open?.({ storeId: STORE_OF_SUITE });
  });
  afterEach(async () => {
    const fixture = current;
    current = undefined;
    await fixture?.executor.close?.();
    await fixture?.leavesNothing?.();
    await fixture?.dispose?.();
  });
  return {
    get fixture() {
      if (current === undefined) throw new ExecGoError('internal', 'no test is running');
      return current;
    },
  };
}

/** The spec of a case: of the suite's category, unless the case says otherwise. */
export function specOf<F extends ExecutorFixture>(category: string, { task }: ExecutorCase<F>, fixture: F): TaskSpec {
  const fields = typeof task === 'function' ? task(fixture) : task;
  return spec({ type: category, ...fields, tool_name: fields.tool_name });
}
