import { once } from 'node:events';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createApp, type DoorContext, serve } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';

async function served(seen: DoorContext[]) {
  const app = createApp({
    kernel: fakeKernel(),
    version: '1.0.0',
    doors: [
      {
        path: '/other',
        fetch: (request, context) => {
          seen.push(context);
          return new Response(`${request.method} by the door`);
        },
      },
    ],
  });
  const server = await serve(app, { port: 0 });
  onTestFinished(() => server.close());
  return { app, server };
}

it('a door answers every method of its path, and of no other', async () => {
  const { server } = await served([]);
  for (const method of ['GET', 'POST', 'DELETE', 'PUT']) {
    expect(await (await fetch(`${server.url}/other`, { method })).text()).toBe(`${method} by the door`);
  }
  expect((await fetch(`${server.url}/other/more`)).status).toBe(404);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

it('a door is told who is at the other end, and when the listener stops', async () => {
  const seen: DoorContext[] = [];
  const { server } = await served(seen);
  await (await fetch(`${server.url}/other`)).text();
  expect(seen).toMatchObject([{ peer: '127.0.0.1', closing: { aborted: false } }]);
  const closing = seen[0]?.closing as AbortSignal;
  const aborted = once(closing, 'abort');
  await server.close();
  await aborted;
});

it('an app with a door still needs loopback where it asks no token', async () => {
  const { app } = await served([]);
  await expect(serve(app, { port: 0, hostname: '0.0.0.0' })).rejects.toThrow('a loopback address');
});

it.each<[string, () => Promise<Response>]>([
  ['rejects', () => Promise.reject(new TypeError('a secret'))],
  [
    'throws',
    () => {
      throw new TypeError('a secret');
    },
  ],
])('what a door %s is answered as any other error', async (_how, fetch) => {
  const error = vi.fn();
  const app = createApp({
    kernel: fakeKernel(),
    version: '1.0.0',
    logger: { error },
    doors: [{ path: '/other', fetch }],
  });
  const server = await serve(app, { port: 0 });
  onTestFinished(() => server.close());
  const answer = await globalThis.fetch(`${server.url}/other`, { headers: { 'X-Trace-ID': 'mine' } });
  expect(answer.status).toBe(500);
  expect(answer.headers.get('x-trace-id')).toBe('mine');
  expect(await answer.json()).toEqual({
    error: 'internal error; the log of the server has it under this trace_id',
    code: 'internal',
    trace_id: 'mine',
  });
  expect(error).toHaveBeenCalledTimes(1);
});
