import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { MemoryStore } from '@execgo/core';
import { createScheduler, systemClock } from '@execgo/scheduler';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { median } from './median.mjs';

const WARM_UPS = 2;
const MEASURED = 3;
const CONCURRENCY = 256;
const MAX_TASKS = 1_000_000;

const noopExecutor = { category: 'os', tools: async () => [], execute: async () => undefined };

/** A folder on the disk that holds this checkout, removed with the process: /tmp may be memory. */
export function scratchFolder() {
  const folder = mkdtempSync(join(process.env.EXECGO_BENCH_DIR ?? process.cwd(), '.bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function memoryStore() {
  return new MemoryStore({ turn: (fn) => systemClock.turn(fn) });
}

export function fileStore(folder = scratchFolder()) {
  return createJsonFileStore({ directory: join(folder, 'data') });
}

export async function startKernel(store, options = {}) {
  const scheduler = createScheduler({
    store,
    executors: [noopExecutor],
    maxConcurrency: CONCURRENCY,
    maxTasksPerGraph: MAX_TASKS,
    ...options,
  });
  await scheduler.start();
  return scheduler;
}

/** Tasks a second from the call of submit to the end of the last task: the median of some runs, after some to warm up. */
export async function graphRate(makeStore, makeGraph) {
  const rates = [];
  const delays = [];
  for (let round = 0; round < WARM_UPS + MEASURED; round += 1) {
    globalThis.gc?.();
    const graph = makeGraph();
    const scheduler = await startKernel(makeStore());
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const from = performance.now();
    const receipt = await scheduler.submit(graph);
    const { counts } = await scheduler.graph(receipt.graph_id, {});
    const seconds = (performance.now() - from) / 1000;
    delay.disable();
    if (counts.success !== graph.tasks.length) throw new TypeError(`not all tasks ran: ${JSON.stringify(counts)}`);
    await scheduler.stop();
    if (round < WARM_UPS) continue;
    rates.push(graph.tasks.length / seconds);
    delays.push(delay.percentile(99) / 1e6);
  }
  return { value: median(rates), loopDelayP99Ms: median(delays) };
}

