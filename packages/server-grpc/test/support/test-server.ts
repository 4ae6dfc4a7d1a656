import { type Kernel, MemoryStore, type TaskStore } from '@execgo/core';
import { createScheduler, type Scheduler } from '@execgo/scheduler';
import { FakeExecutor } from '@execgo/testkit';
import { onTestFinished } from 'vitest';
import { type GrpcServerOptions, type RunningGrpcServer, serveGrpc } from '../../src/index.js';

export interface TestKernel {
  readonly kernel: Scheduler;
  readonly executor: FakeExecutor;
}

/** A real kernel in memory with an executor that does what the test says; stopped when the test is over. */
export async function startKernel(options: { store?: TaskStore; executor?: FakeExecutor } = {}): Promise<TestKernel> {
  const executor = options.executor ?? new FakeExecutor();
  const kernel = createScheduler({ store: options.store ?? new MemoryStore(), executors: [executor] });
  await kernel.start();
  onTestFinished(() => kernel.stop({ graceMs: 0 }));
  return { kernel, executor };
}

export interface TestServer extends RunningGrpcServer {
  /** `host:port` */
  readonly target: string;
  /** What it would have logged. */
  readonly logged: readonly string[];
}

/** Serves on a free port until the test is over. */
export async function startGrpc(kernel: Kernel, options: Partial<GrpcServerOptions> = {}): Promise<TestServer> {
  const logged: string[] = [];
  const logger = { error: (_fields: object, message: string) => void logged.push(message) };
  const server = await serveGrpc({ kernel, version: '1.2.3', address: { port: 0 }, logger, ...options });
  onTestFinished(() => server.close({ graceMs: 0 }));
  return { ...server, logged, target: `127.0.0.1:${server.address.port}` };
}
