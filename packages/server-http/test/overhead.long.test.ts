import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { RunningServer } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';
import { listen, testApp } from './support/test-server.js';

const ROUNDS = 5;
const ROUND_MS = 1500;
const AT_LEAST = 0.75;

const tasks = Array.from({ length: 9 }, (_, at) => ({
  id: `task-${at}`,
  type: 'os',
  tool_name: 'noop',
  input: { message: `number ${at} of a small graph` },
  ...(at > 0 && { depends_on: [`task-${at - 1}`] }),
}));

it(`POST /tasks costs little: at least ${AT_LEAST} of a bare Hono handler that parses and echoes the same body`, async () => {
  const receipt = { accepted: 9, task_ids: tasks.map(({ id }) => id), graph_id: 'g-1', warnings: [] };
  const bare = await listen(new Hono().post('/tasks', async (c) => c.json(await c.req.json())));
  const ours = await listen(testApp(fakeKernel({ submit: async () => receipt })).app);
  const worker = new Worker(new URL('./support/load-worker.mjs', import.meta.url));

  async function rate({ address }: RunningServer): Promise<number> {
    worker.postMessage({ port: address.port, ms: ROUND_MS, body: JSON.stringify({ tasks }) });
    const [answers] = (await once(worker, 'message')) as [number];
    return (answers / ROUND_MS) * 1000;
  }

  await rate(bare);
  await rate(ours);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const limit = await rate(bare);
    const reached = await rate(ours);
    ratios.push(reached / limit);
    console.warn(`bare ${limit.toFixed(0)}/s, ours ${reached.toFixed(0)}/s, ratio ${(reached / limit).toFixed(2)}`);
  }
  await worker.terminate();
  expect(ratios.sort((a, b) => a - b)[ROUNDS >> 1]).toBeGreaterThan(AT_LEAST);
}, 60_000);
