import { createScheduler } from '@execgo/scheduler';
import { createMcpHandler, serveMcpStdio } from '@execgo/server-mcp';

const kernel = createScheduler({
  executors: [
    { category: 'greet', tools: async () => [], execute: async (task) => ({ hello: task.input ?? 'world' }) },
  ],
});
await kernel.start();

// POST, GET and DELETE of one path, such as /mcp.
const handler = createMcpHandler({ kernel, version: '1.0.0', tools: ['*_task*', 'greet__*'] });

export function answer(request: Request, peer: string): Promise<Response> {
  return handler.fetch(request, { peer });
}

// Or the one client that started this process.
export async function overStdio(): Promise<void> {
  const server = serveMcpStdio({ kernel, version: '1.0.0' });
  await server.ended;
  await server.close();
}

export async function close(): Promise<void> {
  await handler.close();
  await kernel.stop();
}
