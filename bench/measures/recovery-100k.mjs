import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { scratchFolder, startKernel } from '../kernel-run.mjs';
import { median } from '../median.mjs';
import { layered } from '../shapes.mjs';

const ROUNDS = 3;

/** Opening the store with 100,000 tasks and bringing them back into the scheduler, against JSON.parse of the same bytes. */
export async function measure() {
  const dataDir = join(scratchFolder(), 'data');
  const hold = { category: 'os', tools: async () => [], execute: (_, run) => heldUntil(run.signal) };
  const open = () => startKernel(createJsonFileStore({ directory: dataDir }), { executors: [hold], maxConcurrency: 1 });
  const first = await open();
  await first.submit(layered(100_000, 1000, 3));
  await first.stop({ graceMs: 0 });
  const text = readFileSync(join(dataDir, 'state.json'), 'utf8');
  const starts = [];
  const parses = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    globalThis.gc?.();
    const parseFrom = performance.now();
    JSON.parse(text);
    parses.push(performance.now() - parseFrom);
    globalThis.gc?.();
    const startFrom = performance.now();
    const scheduler = await open();
    starts.push(performance.now() - startFrom);
    await scheduler.stop({ graceMs: 0 });
  }
  return { value: median(starts), parseMs: median(parses) };
}

function heldUntil(signal) {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
