/**
 * What the HTTP layer costs: `POST /tasks` of a 9-task graph with a kernel that does nothing, against a bare Hono handler that
 * parses and echoes the same body. Both in this process, in turns, loaded over raw keep-alive sockets by a child process.
 *
 *   node_modules/.bin/tsx --conditions=@execgo/source packages/server-http/test/support/overhead.mts [rounds] [seconds]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { createApp, type RunningServer, serve } from '../../src/index.js';
import { fakeKernel } from './fake-kernel.js';

const CONNECTIONS = 32;
const tasks = Array.from({ length: 9 }, (_, at) => ({
  id: `task-${at}`,
  type: 'os',
  tool_name: 'noop',
  input: { message: `number ${at} of a small graph` },
  ...(at > 0 && { depends_on: [`task-${at - 1}`] }),
}));
const body = JSON.stringify({ tasks });

if (process.send !== undefined) {
  process.on('message', async ({ port, path, ms }: { port: number; path: string; ms: number }) => {
    process.send?.(await load(port, path, ms));
  });
} else {
  await measure(Number(process.argv[2] ?? 7), Number(process.argv[3] ?? 2) * 1000);
}

async function measure(rounds: number, ms: number): Promise<void> {
  const receipt = { accepted: 9, task_ids: tasks.map(({ id }) => id), graph_id: 'g-1', warnings: [] };
  const bare = new Hono().post('/tasks', async (c) => c.json(await c.req.json()));
  const ours = createApp({ kernel: fakeKernel({ submit: async () => receipt }), version: '0.0.0' });
  const servers = { bare: await serve(bare, { port: 0 }), ours: await serve(ours, { port: 0 }) };
  const child = fork(import.meta.filename, { execArgv: process.execArgv });
  await once(child, 'spawn');
  const ask = async (server: RunningServer, forMs: number): Promise<number> => {
    child.send({ port: server.address.port, path: '/tasks', ms: forMs });
    const [count] = (await once(child, 'message')) as [number];
    return (count / forMs) * 1000;
  };
  const ratios: number[] = [];
  for (const server of Object.values(servers)) await ask(server, ms);
  for (let round = 0; round < rounds; round += 1) {
    const bareRate = await ask(servers.bare, ms);
    const ourRate = await ask(servers.ours, ms);
    ratios.push(ourRate / bareRate);
    console.warn(
      `bare ${bareRate.toFixed(0)}/s  ours ${ourRate.toFixed(0)}/s  ratio ${(ourRate / bareRate).toFixed(3)}`,
    );
  }
  ratios.sort((a, b) => a - b);
  console.warn(`median ratio ${ratios[Math.floor(ratios.length / 2)]?.toFixed(3)}`);
  child.kill();
  await Promise.all(Object.values(servers).map((server) => server.close()));
}

/** Answers counted by the blank line that ends a head: none of the bodies holds one. */
async function load(port: number, path: string, ms: number): Promise<number> {
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let answers = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    socket.on('data', (chunk) => {
      if (!chunk.includes('\r\n\r\n')) return;
      answers += 1;
      socket.write(request);
    });
    socket.write(request);
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, ms));
  for (const socket of sockets) socket.destroy();
  return answers;
}
