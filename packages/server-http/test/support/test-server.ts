import { type Executor, type Kernel, MemoryStore, type TaskStore } from '@execgo/core';
import { createScheduler, type Scheduler } from '@execgo/scheduler';
import { FakeExecutor } from '@execgo/testkit';
import type { Hono } from 'hono';
import { onTestFinished } from 'vitest';
import { type AppOptions, createApp, type RunningServer, type ServeOptions, serve } from '../../src/index.js';

export interface TestKernel {
  readonly kernel: Scheduler;
  readonly executor: FakeExecutor;
}

/** A real kernel in memory with an executor that does what the test says; stopped when the test is over. */
export async function startKernel(
  options: { store?: TaskStore; executor?: FakeExecutor; others?: readonly Executor[] } = {},
): Promise<TestKernel> {
  const executor = options.executor ?? new FakeExecutor();
  const kernel = createScheduler({
    store: options.store ?? new MemoryStore(),
    executors: [executor, ...(options.others ?? [])],
  });
  await kernel.start();
  onTestFinished(() => kernel.stop({ graceMs: 0 }));
  return { kernel, executor };
}

/** An app that says nothing on stderr: what it would have logged stands in `logged`. */
export function testApp(kernel: Kernel, options: Partial<AppOptions> = {}): { app: Hono; logged: string[] } {
  const logged: string[] = [];
  const logger = { error: (_fields: object, message: string) => void logged.push(message) };
  return { app: createApp({ kernel, version: '1.2.3', logger, ...options }), logged };
}

/** Listens on a free port until the test is over. */
export async function listen(app: Hono, options: ServeOptions = {}): Promise<RunningServer> {
  const server = await serve(app, { port: 0, drainTimeoutMs: 60_000, ...options });
  onTestFinished(() => server.close());
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of any form.
  readonly json: any;
}

/** One request to an app in this process, as a program on this machine would send it. */
export async function send(
  app: Pick<Hono, 'request'>,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await app.request(path, {
    method,
    headers: {
      host: 'localhost:8080',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return readAnswer(response);
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json' && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}
