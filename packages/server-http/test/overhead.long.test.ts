import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { RunningServer } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';
import { listen, testApp } from './support/test-server.js';

const ROUNDS = 9;
const ROUND_MS = 1000;
const AT_LEAST = 0.75;

const tasks = Array.from({ length: 9 }, (_, at) => ({
  id: `task-${at}`,
  type: 'os',
  tool_name: 'noop',
  input: { message: `number ${at} of a small graph` },
  ...(at > 0 && { depends_on: [`task-${at - 1}`] }),
}));

/** Processor time of this process is compared, which a busy machine disturbs far less than rates; the load comes from another one. */
it(`POST /tasks costs little: at least ${AT_LEAST} of a bare Hono handler that parses and echoes the same body`, async () => {
  const receipt = { accepted: 9, task_ids: tasks.map(({ id }) => id), graph_id: 'g-1', warnings: [] };
  const bare = await listen(new Hono().post('/tasks', async (c) => c.json(await c.req.json())));
  const ours = await listen(testApp(fakeKernel({ submit: async () => receipt })).app);
  const client = fork(new URL('./support/load-client.mjs', import.meta.url), { execArgv: [] });

  async function microsecondsPerAnswer({ address }: RunningServer): Promise<number> {
    const before = process.cpuUsage();
    client.send({ port: address.port, ms: ROUND_MS, body: JSON.stringify({ tasks }) });
    const [answers] = (await once(client, 'message')) as [number];
    const { user, system } = process.cpuUsage(before);
    return (user + system) / answers;
  }

  await microsecondsPerAnswer(bare);
  await microsecondsPerAnswer(ours);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const limit = await microsecondsPerAnswer(bare);
    const spent = await microsecondsPerAnswer(ours);
    ratios.push(limit / spent);
    console.warn(`bare ${limit.toFixed(1)} µs, ours ${spent.toFixed(1)} µs, ratio ${(limit / spent).toFixed(2)}`);
  }
  client.kill();
  expect(ratios.sort((a, b) => a - b)[ROUNDS >> 1]).toBeGreaterThan(AT_LEAST);
}, 60_000);
