import assert from 'node:assert/strict';
import { createScheduler } from '@execgo/scheduler';
import { serveGrpc } from '@execgo/server-grpc';

const kernel = createScheduler({
  executors: [
    { category: 'greet', tools: async () => [], execute: async (task) => ({ hello: task.input ?? 'world' }) },
  ],
});
await kernel.start();

const server = await serveGrpc({
  kernel,
  version: '0.1.0',
  address: { port: 0 },
  access: { token: 'a-long-random-text' },
});
assert.ok(server.address.port > 0);

await server.close({ graceMs: 5000 });
await kernel.stop();
