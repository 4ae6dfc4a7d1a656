import { randomUUID } from 'node:crypto';
import { type ExecGoError, type Executor, isExecGoError, type TaskSpec } from '@execgo/core';
import { FakeRun, living, spec } from '@execgo/testkit';
import { afterAll, expect, onTestFinished } from 'vitest';
import { createMcpExecutor, type McpExecutorOptions, type McpNote } from '../../src/index.js';

/** An executor with what tests ask of it. */
export interface TestExecutor {
  readonly executor: Executor;
  readonly notes: readonly McpNote[];
  readonly storeId: string;
  call(tool: string, input?: unknown, run?: FakeRun): Promise<McpAnswer>;
  /** What a call rejects with. */
  failure(tool: string, input?: unknown, run?: FakeRun): Promise<ExecGoError>;
  check(task: Partial<TaskSpec>): Promise<void>;
  toolNames(): Promise<readonly string[]>;
}

export interface McpAnswer {
  readonly text: string;
  readonly content: readonly unknown[];
  readonly structured_content?: unknown;
}

/**
 * In how many milliseconds a call has failed whose server died: far less than the minute of `timeoutMs`, and enough for a machine
 * that does much else. `dead-server.timing.test.ts` measures it.
 */
export const AT_ONCE_MS = 30_000;

/** One executor for the tests of the calling file that leave it as it was, made by the first of them. */
export function sharedExecutor(options: () => McpExecutorOptions): () => Promise<TestExecutor> {
  let made: Promise<TestExecutor> | undefined;
  afterAll(async () => {
    await (await made)?.executor.close?.();
  });
  return () => {
    made ??= makeExecutor(options());
    return made;
  };
}

function mcpTask(tool: string, input?: unknown): TaskSpec {
  return spec({ type: 'mcp', tool_name: tool, ...(input === undefined ? {} : { input: input as TaskSpec['input'] }) });
}

/** One executor for one test, closed after it; then nothing of its children may live. */
export async function useExecutor(options: McpExecutorOptions): Promise<TestExecutor> {
  const made = await makeExecutor(options);
  onTestFinished(async () => {
    await made.executor.close?.();
    expect(living(made.storeId)).toEqual([]);
  });
  return made;
}

async function makeExecutor(options: McpExecutorOptions): Promise<TestExecutor> {
  const notes: McpNote[] = [];
  const executor = createMcpExecutor({ onNote: (note) => notes.push(note), ...options });
  const storeId = `store-${randomUUID()}`;
  await executor.open?.({ storeId });
  const call = async (tool: string, input?: unknown, run = new FakeRun()) =>
    (await executor.execute(mcpTask(tool, input), run)) as McpAnswer;
  return {
    executor,
    notes,
    storeId,
    call,
    async failure(tool, input, run) {
      const error = await call(tool, input, run).then(
        (answer) => expect.fail(`the call succeeded with ${JSON.stringify(answer)}`),
        (reason: unknown) => reason,
      );
      expect(isExecGoError(error)).toBe(true);
      return error as ExecGoError;
    },
    async check(task) {
      await executor.check?.(spec({ type: 'mcp', ...task, tool_name: task.tool_name }));
    },
    async toolNames() {
      return (await executor.tools()).map(({ name }) => name);
    },
  };
}

/** Resolves when the run has got a progress note with this text. */
export async function noted(run: FakeRun, message: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!run.notes.some((note) => note.message === message)) {
    if (performance.now() > deadline) expect.fail(`no progress note ${JSON.stringify(message)} came`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
