import type { Readable, Writable } from 'node:stream';
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

// Or one client at the other end of two streams: by default those of this process.
export async function overStdio(stdin?: Readable, stdout?: Writable): Promise<void> {
  const server = serveMcpStdio({ kernel, version: '1.0.0', ...(stdin && { stdin }), ...(stdout && { stdout }) });
  await server.ended;
  await server.close();
}

export async function close(): Promise<void> {
  await handler.close();
  await kernel.stop();
}
