import { MemoryStore, type TaskStore } from '@execgo/core';
import { createScheduler, type Scheduler } from '@execgo/scheduler';
import { type AppOptions, createApp, serve } from '@execgo/server-http';
import { FakeExecutor } from '@execgo/testkit';
import { onTestFinished } from 'vitest';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly kernel: Scheduler;
  readonly executor: FakeExecutor;
  stop(): Promise<void>;
}

/** A real server with the real scheduler, until the test is over or stops it. */
export async function startServer(
  options: { store?: TaskStore; executor?: FakeExecutor; port?: number; app?: Partial<AppOptions> } = {},
): Promise<TestServer> {
  const executor = options.executor ?? new FakeExecutor();
  const kernel = createScheduler({ store: options.store ?? new MemoryStore(), executors: [executor] });
  await kernel.start();
  const app = createApp({ kernel, version: '1.2.3', logger: { error: () => {} }, ...options.app });
  const server = await serve(app, { port: options.port ?? 0, drainTimeoutMs: 1000 });
  const stop = async () => {
    await server.close();
    await kernel.stop({ graceMs: 0 });
  };
  onTestFinished(stop);
  return { url: server.url, port: server.address.port, kernel, executor, stop };
}
