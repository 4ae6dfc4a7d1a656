import { MemoryStore } from '@execgo/core';
import { EventSequence, FakeExecutor } from '@execgo/testkit';
import { expect } from 'vitest';
import { createScheduler, type RetentionSweep } from '../../src/index.js';
import { cpuMicros, loopMicros } from './scale.js';

export interface SweepRun {
  /** Time of the processor. */
  readonly usPerTask: number;
  /** For how long the event loop was busy between two ticks of a timer of 1 ms, in milliseconds: 99 of 100 are no longer. */
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** What a timer of 1 ms sees: how much the thread of the event loop has computed since it last came. */
class TickMeter {
  private readonly samples: number[] = [];
  private last = loopMicros();
  private timer = setTimeout(() => this.tick(), 1);

  stop(): readonly number[] {
    clearTimeout(this.timer);
    return this.samples.sort((a, b) => a - b);
  }

  private tick(): void {
    const now = loopMicros();
    this.samples.push((now - this.last) / 1000);
    this.last = now;
    this.timer = setTimeout(() => this.tick(), 1);
  }
}

/** Starts a scheduler over a store of so many finished tasks, of which retention leaves one, and measures that sweep. */
export async function sweepOf(tasks: number): Promise<SweepRun> {
  const store = await storeOf(tasks);
  let swept: (sweep: RetentionSweep) => void = () => {};
  const done = new Promise<RetentionSweep>((resolve) => {
    swept = resolve;
  });
  const scheduler = createScheduler({
    store,
    executors: [new FakeExecutor()],
    retention: { maxFinished: 1 },
    onRetention: (sweep) => swept(sweep),
  });
  const meter = new TickMeter();
  const start = cpuMicros();
  await scheduler.start();
  expect(await done).toEqual({ pruned: tasks - 1, finished: 1 });
  const usPerTask = (cpuMicros() - start) / tasks;
  const samples = meter.stop();
  expect((await scheduler.list({})).tasks.map(({ id }) => id)).toEqual([`t${tasks - 1}`]);
  await scheduler.stop();
  const p99Ms = samples[Math.floor(samples.length * 0.99)] ?? Number.NaN;
  return { usPerTask, p99Ms, longestMs: samples.at(-1) ?? Number.NaN };
}

/** They end in another order than they were submitted in. */
async function storeOf(tasks: number): Promise<MemoryStore> {
  const store = new MemoryStore({ turn: (fn) => void setImmediate(fn) });
  const make = new EventSequence();
  await store.open();
  await store.append([make.graph(), ...Array.from({ length: tasks }, (_, at) => make.submitted(`t${at}`))]);
  const stride = 7919;
  const inOrderOfEnd = Array.from({ length: tasks - 1 }, (_, at) => `t${(at * stride) % (tasks - 1)}`);
  await store.append([...inOrderOfEnd, `t${tasks - 1}`].map((id) => make.cancelled(id)));
  await store.close();
  return store;
}
