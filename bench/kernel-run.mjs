import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { MemoryStore } from '@execgo/core';
import { createScheduler, systemClock } from '@execgo/scheduler';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { median } from './median.mjs';

/** A server is measured as it runs, not as it starts: code is compiled by then. Whichever comes first ends the warm-up. */
const WARM_UP_TASKS = 200_000;
const WARM_UP_MS = 6000;
const MEASURED = 3;
const CONCURRENCY = 256;
const MAX_TASKS = 1_000_000;

const noopExecutor = { category: 'os', tools: async () => [], execute: async () => undefined };

const folders = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder on the disk that holds this checkout, removed with the process: /tmp may be memory. */
export function scratchFolder() {
  const folder = mkdtempSync(join(process.env.EXECGO_BENCH_DIR ?? process.cwd(), '.bench-'));
  folders.push(folder);
  return folder;
}

/** Keeps few events: history that nobody reads would be measured as a cost of running. */
export function memoryStore() {
  return new MemoryStore({ maxEvents: 1000, turn: (fn) => systemClock.turn(fn) });
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
  await warmUp(makeStore, makeGraph);
  const rates = [];
  for (let round = 0; round < MEASURED; round += 1) rates.push(await runGraph(makeStore(), makeGraph()));
  // The delay of the event loop is taken in a run of its own: a timer every millisecond is a load too.
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await runGraph(makeStore(), makeGraph(), () => delay.disable());
  return { value: median(rates), loopDelayP99Ms: delay.percentile(99) / 1e6 };
}

async function warmUp(makeStore, makeGraph) {
  const until = performance.now() + WARM_UP_MS;
  for (let tasks = 0; tasks < WARM_UP_TASKS && performance.now() < until; ) {
    const graph = makeGraph();
    await runGraph(makeStore(), graph);
    tasks += graph.tasks.length;
  }
}

async function runGraph(store, graph, whenDone = () => {}) {
  const scheduler = await startKernel(store);
  const from = performance.now();
  const receipt = await scheduler.submit(graph);
  // Every shape ends in one task. What the graph came to is read after the clock has stopped.
  await scheduler.wait(receipt.task_ids.at(-1));
  const seconds = (performance.now() - from) / 1000;
  whenDone();
  const { counts } = await scheduler.graph(receipt.graph_id, {});
  if (counts.success !== graph.tasks.length) throw new TypeError(`not all tasks ran: ${JSON.stringify(counts)}`);
  await scheduler.stop();
  return graph.tasks.length / seconds;
}
