import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { MemoryStore } from '@execgo/core';
import { createOsExecutor } from '@execgo/executor-os';
import { createScheduler } from '@execgo/scheduler';
import { scratchFolder } from '../kernel-run.mjs';

const CONCURRENCY = 10;
const RUNS = 600;
/** A server is measured as it runs, not as it starts: it takes about so many runs until its code is compiled. */
const WARM_UP = 2000;

/** `echo hi` as tasks of the kernel, against spawn with pipes and the same concurrency. */
export async function measure() {
  const workspace = join(scratchFolder(), 'workspace');
  mkdirSync(workspace);
  const scheduler = createScheduler({
    store: new MemoryStore(),
    executors: [createOsExecutor({ workspace })],
    maxConcurrency: CONCURRENCY,
  });
  await scheduler.start();
  await shellRuns(scheduler, WARM_UP, 'warm-up-');
  await bareRuns(WARM_UP);
  const first = await rate(() => shellRuns(scheduler, RUNS, 'first-'));
  const bare = await rate(() => bareRuns(RUNS));
  const second = await rate(() => shellRuns(scheduler, RUNS, 'second-'));
  await scheduler.stop();
  return { value: (first + second) / 2, bare };
}

async function rate(runs) {
  const from = performance.now();
  await runs();
  return RUNS / ((performance.now() - from) / 1000);
}

async function shellRuns(scheduler, count, prefix) {
  const tasks = Array.from({ length: count }, (_, at) => ({
    id: `${prefix}${at}`,
    type: 'os',
    tool_name: 'shell',
    input: { command: 'echo', args: ['hi'] },
  }));
  const { graph_id } = await scheduler.submit({ tasks });
  const { counts } = await scheduler.graph(graph_id, {});
  if (counts.success !== count) throw new TypeError(`not all runs succeeded: ${JSON.stringify(counts)}`);
}

async function bareRuns(count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await bareRun();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function bareRun() {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/echo', ['hi'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
