import assert from 'node:assert/strict';
import { createScheduler } from '@execgo/scheduler';
import { createApp, serve } from '@execgo/server-http';
import { Hono } from 'hono';

const kernel = createScheduler({
  executors: [
    { category: 'greet', tools: async () => [], execute: async (task) => ({ hello: task.input ?? 'world' }) },
  ],
});
await kernel.start();

const execgo = createApp({ kernel, version: '0.1.0' });
const site = new Hono().get('/', (c) => c.text('my own site')).route('/execgo', execgo);
const server = await serve(site, { port: 0 });

const submitted = await fetch(`${server.url}/execgo/tasks`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'greeting-1' },
  body: JSON.stringify({ tasks: [{ id: 'hi', type: 'greet', input: 'agent' }] }),
});
assert.equal(submitted.status, 202);

const answer = await fetch(`${server.url}/execgo/tasks/hi?wait=5000`);
const task = (await answer.json()) as { status: string; result: unknown };
assert.deepEqual([task.status, task.result], ['success', { hello: 'agent' }]);

await server.close();
await kernel.stop();
