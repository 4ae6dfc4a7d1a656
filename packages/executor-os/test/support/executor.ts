import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Executor, Json } from '@execgo/core';
import { type FakeRun, freshRun, spec } from '@execgo/testkit';
import { afterEach, beforeEach } from 'vitest';
import { createOsExecutor, type OsExecutorOptions } from '../../src/index.js';

/** An executor with a workspace of its own. */
export class Bench {
  readonly base = mkdtempSync(join(tmpdir(), 'execgo-os-'));
  readonly root = join(this.base, 'workspace');
  readonly executor: Executor;

  constructor(options: OsExecutorOptions = {}) {
    this.executor = createOsExecutor({ workspace: this.root, ...options });
  }

  task(tool_name: string | undefined, input?: Json) {
    return spec({ tool_name, ...(input === undefined ? {} : { input }) });
  }

  /** Checks a task as a submission does; resolves to what the check throws, or undefined. */
  async check(tool: string | undefined, input?: Json): Promise<unknown> {
    try {
      await this.executor.check?.(this.task(tool, input));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Checks a task and runs it once. */
  async run(tool: string, input?: Json, run: FakeRun = freshRun()): Promise<unknown> {
    const task = this.task(tool, input);
    await this.executor.check?.(task);
    return this.executor.execute(task, run);
  }

  async dispose(): Promise<void> {
    await this.executor.close?.();
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A fresh bench for each test. */
export function useBench(options: OsExecutorOptions = {}): { readonly bench: Bench } {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(options);
  });
  afterEach(() => bench.dispose());
  return {
    get bench() {
      return bench;
    },
  };
}
