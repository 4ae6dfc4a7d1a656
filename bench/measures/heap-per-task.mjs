import { memoryStore, startKernel } from '../kernel-run.mjs';
import { layered } from '../shapes.mjs';

const TASKS = 100_000;

/** Heap bytes of one waiting task with three dependencies: store, index, spec and input, all in. */
export async function measure() {
  const hold = { category: 'os', tools: async () => [], execute: (_, run) => heldUntil(run.signal) };
  const scheduler = await startKernel(memoryStore(), { executors: [hold], maxConcurrency: 1 });
  await scheduler.submit(layered(1000, 100, 3, 'warm-up-'));
  // As from the wire: parsed text shares nothing with what the client holds.
  let body = JSON.stringify(layered(TASKS, 1000, 3));
  const before = await heapUsed();
  await scheduler.submit(JSON.parse(body));
  body = '';
  const bytes = (await heapUsed()) - before;
  await scheduler.stop({ graceMs: 0 });
  return { value: bytes / TASKS };
}

function heldUntil(signal) {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

async function heapUsed() {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
