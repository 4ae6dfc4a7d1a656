import { openSync, readSync } from 'node:fs';
import type { Executor, TaskGraphInput } from '@execgo/core';
import { chainShape, fanOutJoinShape, layeredShape, type Shape, taskInput } from '@execgo/testkit';
import { expect } from 'vitest';
import { createScheduler } from '../../src/index.js';

/** Graphs of so many tasks, by what they are. */
export const scaleShapes: readonly [string, (tasks: number) => Shape][] = [
  ['a chain', chainShape],
  ['a fan-out with a join', (tasks) => fanOutJoinShape(tasks - 2)],
  ['a layered random graph of three edges a task', (tasks) => layeredShape(tasks / 100, 100, 3)],
];

interface ScaleRun {
  readonly tasks: number;
  /** Time of the processor. */
  readonly msPerTask: number;
  /** The longest that one turn of the event loop took. */
  readonly longestTurnMs: number;
}

/** Nothing but the scheduler is measured: an executor that has its answer at once. */
const instant: Executor = { category: 'os', tools: async () => [], execute: async () => undefined };

export function inputOf(shape: Shape): TaskGraphInput {
  return {
    tasks: shape.map((dependencies, at) =>
      taskInput({ id: `t${at}`, depends_on: dependencies.map((index) => `t${index}`) }),
    ),
  };
}

/**
 * Measures how long the turns of the event loop take, in time of the processor that its thread gets: what other programs of the
 * machine do at the same time does not count, nor what V8's helper threads do.
 */
class TurnMeter {
  private longestMicros = 0;
  private last = 0;
  private running = true;

  start(): void {
    this.last = loopMicros();
    const turn = () => {
      const now = loopMicros();
      this.longestMicros = Math.max(this.longestMicros, now - this.last);
      this.last = now;
      if (this.running) setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** The longest turn so far, in milliseconds. */
  stop(): number {
    this.running = false;
    return this.longestMicros / 1000;
  }
}

const MAIN_THREAD = openThreadTime();
const text = Buffer.alloc(64);

/** By the kernel's own account of this thread, where there is one; else that of the process. */
export function loopMicros(): number {
  if (MAIN_THREAD === undefined) return cpuMicros();
  const length = readSync(MAIN_THREAD, text, 0, text.length, 0);
  return Number.parseInt(text.toString('latin1', 0, length), 10) / 1000;
}

function openThreadTime(): number | undefined {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return undefined;
  }
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Submits one graph to a scheduler over a store in memory, and runs it to the end. */
async function runGraph(shape: Shape): Promise<ScaleRun> {
  const tasks = shape.length;
  const input = inputOf(shape);
  const scheduler = createScheduler({ executors: [instant], maxTasksPerGraph: tasks, maxConcurrency: 64 });
  await scheduler.start();
  const meter = new TurnMeter();
  meter.start();
  const start = cpuMicros();
  const { graph_id } = await scheduler.submit(input);
  const { counts } = await scheduler.graph(graph_id, {});
  const elapsedMs = (cpuMicros() - start) / 1000;
  const longestTurnMs = meter.stop();
  expect(counts).toEqual({ success: tasks });
  expect(scheduler.stats()).toMatchObject({ unfinished: 0, running: 0, ready: 0, succeeded: tasks });
  await scheduler.stop();
  return { tasks, msPerTask: elapsedMs / tasks, longestTurnMs };
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Cost of a task in a small and in a large graph of one kind, medians of rounds in turn after a warm-up, so that whatever
 * slows the machine down slows both down.
 */
export async function compare(small: Shape, large: Shape, rounds: number) {
  await runGraph(small);
  const runs: { readonly small: ScaleRun; readonly large: ScaleRun }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    runs.push({ small: await runGraph(small), large: await runGraph(large) });
  }
  return {
    ratio: median(runs.map((run) => run.large.msPerTask / run.small.msPerTask)),
    usPerTask: 1000 * median(runs.map((run) => run.large.msPerTask)),
    longestTurnMs: {
      small: median(runs.map((run) => run.small.longestTurnMs)),
      large: median(runs.map((run) => run.large.longestTurnMs)),
    },
  };
}
