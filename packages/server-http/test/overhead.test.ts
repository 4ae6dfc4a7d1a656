import { Hono } from 'hono';
import { afterEach, expect, it, vi } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { sendRaw } from './support/raw-http.js';
import { listen, testApp } from './support/test-server.js';

afterEach(() => vi.unstubAllGlobals());

/** Counts how often a global class is instantiated from now on. */
function countNew(name: 'AbortController' | 'ReadableStream'): () => number {
  const Original = globalThis[name] as new (...args: unknown[]) => object;
  let count = 0;
  class Counted extends Original {
    constructor(...args: unknown[]) {
      super(...args);
      count += 1;
    }
  }
  vi.stubGlobal(name, Counted);
  return () => count;
}

const body = '{"tasks":[]}';
const post = (headers: string, text: string) =>
  `POST /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${text}`;

/** What makes the Node host leave its quick path; how much that is worth is measured in overhead.long.test.ts. */
it('POST /tasks makes no abort signal, no native request and no stream', async () => {
  const submit = async () => ({ accepted: 0, task_ids: [], graph_id: 'g', warnings: [] });
  const { app } = testApp(fakeKernel({ submit }));
  const plain = await listen(app);
  const mounted = await listen(new Hono().route('/execgo', app));
  const signals = countNew('AbortController');
  const streams = countNew('ReadableStream');
  const counted = [`Content-Length: ${body.length}`, body] as const;
  expect((await sendRaw(plain, post(...counted))).status).toBe(202);
  expect((await sendRaw(mounted, post(...counted).replace('/tasks', '/execgo/tasks'))).status).toBe(202);
  expect([signals(), streams()]).toEqual([0, 0]);

  // A body of unknown length has to be read as a stream: the counters do see it.
  const chunked = ['Transfer-Encoding: chunked', `c\r\n${body}\r\n0\r\n\r\n`] as const;
  expect((await sendRaw(plain, post(...chunked))).status).toBe(202);
  expect([signals() > 0, streams() > 0]).toEqual([true, true]);
});
