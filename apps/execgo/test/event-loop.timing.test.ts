import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { graphOf } from './support/binary-tree.mjs';
import { watchLoop } from './support/loop-watch.js';
import { type RunningServer, startTestServer } from './support/running-server.js';

const LONGEST_STOP_MS = 50;
/** On a machine so slow that reading one such body takes more than a third of that, a stop may be thrice as long as it. */
const LONGEST_STOP_IN_PARSES = 3;

/** Milliseconds for which the loop stood still at most, from the first submission to the end of the last task. */
async function longestStop(server: RunningServer, graphs: number, tasksPerGraph: number): Promise<number> {
  const total = graphs * tasksPerGraph;
  const before = server.kernel.stats().succeeded;
  const workerData = { url: server.url, graphs, tasksPerGraph };
  const worker = new Worker(new URL('./support/submit-worker.mjs', import.meta.url), { workerData });
  await once(worker, 'online');
  const watch = watchLoop();
  const [statuses] = await once(worker, 'message');
  await expect.poll(() => server.kernel.stats().succeeded, { interval: 5 }).toBe(before + total);
  watch.end();
  expect(statuses).toEqual(Array.from({ length: graphs }, () => 202));
  return watch.longestMs;
}

/** Milliseconds that this machine needs for the JSON of 10,000 tasks, the quickest of five. */
function parseMs(): number {
  const body = JSON.stringify({ tasks: graphOf(0, 10_000) });
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    JSON.parse(body);
    return performance.now() - start;
  });
  return Math.min(...times);
}

it.each([
  ['memory', 1, 10_000],
  ['memory', 100, 100],
  ['jsonfile', 1, 10_000],
  ['jsonfile', 100, 100],
])(
  'submitting 10,000 tasks over HTTP never stops the event loop for more than 50 ms (%s, %i graphs of %i)',
  // A stop of ours comes every time. One that comes once is a garbage collection whose helper threads had no core.
  { retry: 2 },
  async (store, graphs, tasksPerGraph) => {
    const server = await startTestServer({ store });
    const stop = await longestStop(server, graphs, tasksPerGraph);
    console.warn(
      `${store}, ${graphs} × ${tasksPerGraph} tasks: the loop stood still for at most ${stop.toFixed(1)} ms`,
    );
    expect(stop).toBeLessThanOrEqual(Math.max(LONGEST_STOP_MS, LONGEST_STOP_IN_PARSES * parseMs()));
  },
);

it('the watch sees a loop that stands still', async () => {
  const watch = watchLoop();
  await expect.poll(() => watch.longestMs).toBeGreaterThan(0);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 120);
  await expect.poll(() => watch.longestMs).toBeGreaterThan(100);
  watch.end();
});
