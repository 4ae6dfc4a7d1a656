import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApp, serve } from '@execgo/server-http';
import { serve as serveBare } from '@hono/node-server';
import { Hono } from 'hono';
import { fileStore, memoryStore, startKernel } from './kernel-run.mjs';

/** The server side of the HTTP measures, in a process of its own: `bare`, `memory` or `file`. */
const delay = monitorEventLoopDelay({ resolution: 1 });
const kind = process.argv[2];
const port =
  kind === 'bare' ? await bareHandler() : await kernelServer(kind === 'memory' ? memoryStore() : fileStore());
process.send({ port });
delay.enable();
process.on('message', (message) => {
  // What came before was the warm-up.
  if (message === 'begin') delay.reset();
  if (message === 'delay') process.send({ loopDelayP99Ms: delay.percentile(99) / 1e6 });
});
process.on('disconnect', () => process.exit());

/** What Hono costs on this machine: the body is parsed, and nothing is done. */
async function bareHandler() {
  const app = new Hono();
  app.post('/tasks', async (c) => {
    const { tasks } = await c.req.json();
    return c.json({ accepted: tasks.length }, 202);
  });
  const server = serveBare({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  return server.address().port;
}

async function kernelServer(store) {
  const kernel = await startKernel(store);
  const app = createApp({ kernel, version: '0.0.0' });
  const server = await serve(app, { port: 0 });
  return server.address.port;
}
