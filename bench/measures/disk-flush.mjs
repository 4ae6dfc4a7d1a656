import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { scratchFolder } from '../kernel-run.mjs';

const RECORD = Buffer.alloc(128, 'x');
const DURATION_MS = 1500;

/** How often a second this disk makes an appended record durable, one at a time. */
export async function measure() {
  const file = openSync(join(scratchFolder(), 'flush'), 'a');
  const from = performance.now();
  let flushes = 0;
  while (performance.now() - from < DURATION_MS) {
    writeSync(file, RECORD);
    fdatasyncSync(file);
    flushes += 1;
  }
  const seconds = (performance.now() - from) / 1000;
  closeSync(file);
  return { value: flushes / seconds };
}
