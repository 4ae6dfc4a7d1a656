import { MemoryStore } from '@execgo/core';
import { createScheduler, type Scheduler } from '@execgo/scheduler';
import { onTestFinished } from 'vitest';
import { ScriptedExecutor } from './scripted-executor.js';

export interface UsedKernel {
  readonly kernel: Scheduler;
  readonly os: ScriptedExecutor;
  readonly mcp: ScriptedExecutor;
  readonly skills: ScriptedExecutor;
}

/** A real kernel that runs scripted executors; it is stopped at the end of the test. */
export async function useKernel(store = new MemoryStore()): Promise<UsedKernel> {
  const [os, mcp, skills] = ['os', 'mcp', 'cli-skills'].map((category) => new ScriptedExecutor(category)) as [
    ScriptedExecutor,
    ScriptedExecutor,
    ScriptedExecutor,
  ];
  const kernel = createScheduler({ executors: [os, mcp, skills], store });
  await kernel.start();
  onTestFinished(() => kernel.stop({ graceMs: 0 }));
  return { kernel, os, mcp, skills };
}
