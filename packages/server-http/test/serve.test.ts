import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { Server } from 'node:net';
import { ExecGoError, type KernelStats, type WatchOptions } from '@execgo/core';
import { deferred, FakeExecutor, graphInput, hangs } from '@execgo/testkit';
import { Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_SERVE_OPTIONS, serve } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';
import { openSocket, readToEnd, sendRaw } from './support/raw-http.js';
import { openStream } from './support/sse-client.js';
import { listen, readAnswer, startKernel, testApp } from './support/test-server.js';

const quick = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 20 };

describe('serve', () => {
  it('gives the real address, of IPv6 too', async () => {
    const { app } = testApp(fakeKernel());
    const server = await listen(app);
    expect(server.address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
    expect(server.url).toBe(`http://127.0.0.1:${server.address.port}`);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    const six = await listen(app, { hostname: '::1' });
    expect(six.url).toBe(`http://[::1]:${six.address.port}`);
    expect((await fetch(`${six.url}/livez`)).status).toBe(200);
  });

  it('says where it could not listen', async () => {
    const { app } = testApp(fakeKernel());
    const { address } = await listen(app);
    const second = serve(app, { port: address.port });
    await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${address.port}`);
    await expect(second).rejects.toBeInstanceOf(ExecGoError);
  });

  it.each([
    [{ port: -1 }, 'port'],
    [{ port: 65_536 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ hostname: '' }, 'hostname'],
    [{ headersTimeoutMs: 0 }, 'headersTimeoutMs'],
    [{ maxConnections: Number.NaN }, 'maxConnections'],
    [{ drainTimeoutMs: -1 }, 'drainTimeoutMs'],
  ])('refuses %j', async (options, name) => {
    await expect(serve(testApp(fakeKernel()).app, options)).rejects.toThrow(`option ${name}: expected`);
  });

  it('is the machine’s own by default', () => {
    expect(DEFAULT_SERVE_OPTIONS).toMatchObject({ hostname: '127.0.0.1', port: 8080 });
  });
});

describe('slow and malformed clients', () => {
  it('headers that never end are cut off with 408, while others are served', async () => {
    const server = await listen(testApp(fakeKernel()).app, quick);
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openSocket(server)));
    const drip = setInterval(() => sockets.forEach((socket) => void socket.write('X')), 20);
    for (const socket of sockets) socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const ends = sockets.map(readToEnd);
    // On a machine that stands still a good request may be too slow as well.
    await expect.poll(async () => (await fetch(`${server.url}/livez`)).status).toBe(200);
    const answers = await Promise.all(ends);
    clearInterval(drip);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408]));
    expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ error: 'the request did not arrive in time' });
  });

  it('a body that never ends is cut off with 408', async () => {
    const submit = async () => ({ accepted: 0, task_ids: [], graph_id: '', warnings: [] });
    const server = await listen(testApp(fakeKernel({ submit })).app, quick);
    const head =
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';
    const { status, headers } = await sendRaw(server, head);
    expect([status, headers.get('connection')]).toEqual([408, 'close']);
  });

  it('a connection that sends nothing is closed', async () => {
    const server = await listen(testApp(fakeKernel()).app, quick);
    expect((await readToEnd(await openSocket(server))).status).toBe(408);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost localhost\r\n\r\n', 400],
    ['a line break in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n', 400],
    ['two lengths', 'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
    [
      'a length and chunks',
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a bad chunk', 'POST /tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
    ['headers of 17 KiB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17 * 1024)}\r\n\r\n`, 431],
    ['a path of 17 KiB', `GET /${'x'.repeat(17 * 1024)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['a backslash in the path', 'GET /tasks\\a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
    ['a path without a slash', 'GET tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
  ])('%s is answered as an error like any other', async (_name, bytes, expected) => {
    const server = await listen(testApp(fakeKernel()).app);
    const { status, headers, body } = await sendRaw(server, bytes);
    expect(status).toBe(expected);
    const { error, code, trace_id } = JSON.parse(body);
    expect([error.length > 0, code, trace_id]).toEqual([true, 'invalid_input', headers.get('x-trace-id')]);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it.each([
    ['TRACE', 405],
    ['QUERY', 405],
    ['M-SEARCH', 405],
  ])('the method %s is %i', async (method, expected) => {
    const server = await listen(testApp(fakeKernel()).app);
    const { status } = await sendRaw(
      server,
      `${method} /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(status).toBe(expected);
  });

  it('an upgrade is not taken: the request is answered as it is', async () => {
    const server = await listen(testApp(fakeKernel()).app);
    const head = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n';
    expect((await sendRaw(server, head)).status).toBe(200);
  });

  it('connections above the limit are closed at once', async () => {
    const server = await listen(testApp(fakeKernel()).app, { maxConnections: 2 });
    const held = [await openSocket(server), await openSocket(server)];
    const third = await openSocket(server);
    if (!third.closed) await once(third, 'close');
    for (const socket of held) socket.destroy();
    await expect.poll(async () => (await fetch(`${server.url}/livez`).catch(() => undefined))?.status).toBe(200);
  });
});

it('timeouts of a request do not end its answer: an event stream lives on', async () => {
  const watch = async function* ({ signal }: WatchOptions = {}) {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    yield* [];
  };
  const { app } = testApp(fakeKernel({ watch, stats: () => ({ lastSeq: 0 }) as KernelStats }), {
    // Later than any time that a request has.
    limits: { heartbeatMs: 2_500 },
  });
  const server = await listen(app, { headersTimeoutMs: 1_000, requestTimeoutMs: 1_000, timeoutCheckMs: 20 });
  const stream = await openStream(server, '/events');
  await expect.poll(() => stream.received).toContain(': heartbeat\n\n');
});

it('a connection that cannot be accepted is logged, and the listener goes on', async () => {
  const listening = vi.spyOn(Server.prototype, 'listen');
  const logged: string[] = [];
  const logger = { error: (_fields: object, message: string) => void logged.push(message) };
  const server = await listen(testApp(fakeKernel()).app, { logger });
  const underlying = listening.mock.contexts[0] as Server;
  listening.mockRestore();
  underlying.emit('error', Object.assign(new TypeError('accept EMFILE'), { code: 'EMFILE' }));
  expect(logged).toEqual(['a connection could not be accepted']);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

describe('close', () => {
  it('stops accepting, ends event streams and long polls promptly; these answer what is', async () => {
    const { kernel, executor } = await startKernel({ executor: new FakeExecutor({ otherwise: hangs() }) });
    const { app, logged } = testApp(kernel);
    const host = new Hono().route('/execgo', app);
    const server = await listen(host);
    const receipt = await kernel.submit(graphInput({ a: [] }));
    await executor.started('a');
    const polls = [`/execgo/tasks/a?wait=60000`, `/execgo/graphs/${receipt.graph_id}?wait=60000`];
    const answers = polls.map((path) => fetch(server.url + path));
    const stream = await openStream(server, '/execgo/events');
    await server.close();
    await stream.rest();
    const [task, graph] = await Promise.all(answers.map(async (answer) => readAnswer(await answer)));
    expect([task?.json.id, graph?.json.task_ids, logged]).toEqual(['a', ['a'], []]);
    await expect(fetch(`${server.url}/execgo/livez`)).rejects.toThrow();
  });

  it('waits for requests under way, and closes their connections after the answer', async () => {
    const begun = deferred();
    const finish = deferred();
    const submit = async () => {
      begun.resolve();
      await finish.promise;
      return { accepted: 1, task_ids: ['a'], graph_id: 'g', warnings: [] };
    };
    const server = await listen(testApp(fakeKernel({ submit })).app);
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(`${server.url}/tasks`, { method: 'POST', body: '{}', headers });
    await begun.promise;
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
    expect(closed).toBe(false);
    finish.resolve();
    expect((await answer).status).toBe(202);
    await closing;
    await server.close();
  });

  it('cuts what is left when the time is over', async () => {
    const begun = deferred();
    const submit = () => {
      begun.resolve();
      return new Promise<never>(() => {});
    };
    const server = await listen(testApp(fakeKernel({ submit })).app, { drainTimeoutMs: 30 });
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(`${server.url}/tasks`, { method: 'POST', body: '{}', headers });
    answer.catch(() => {});
    await begun.promise;
    await server.close();
    await expect(answer).rejects.toThrow();
  });

  it('does not wait for idle connections, nor for those on which nothing came yet', async () => {
    const server = await listen(testApp(fakeKernel()).app);
    await openSocket(server);
    const agent = new Agent({ keepAlive: true });
    const request = get(`${server.url}/livez`, { agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    await server.close();
    agent.destroy();
  });

  it('/readyz is 503 on a connection that is still served', async () => {
    const begun = deferred();
    const finish = deferred();
    const health = async () => {
      begun.resolve();
      await finish.promise;
      return { state: 'ok', problems: {} } as const;
    };
    const server = await listen(testApp(fakeKernel({ health })).app);
    const ready = fetch(`${server.url}/readyz`);
    await begun.promise;
    const closing = server.close();
    finish.resolve();
    const answer = await readAnswer(await ready);
    expect([answer.status, answer.json.error]).toEqual([503, 'not ready: stopping']);
    await closing;
  });
});
