import { FakeClock } from '@execgo/testkit';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMcpHandler, type McpHandler, type McpHandlerOptions } from '../src/index.js';
import { fetchOf, overHttp, URL_OF_TESTS, useClient, useHandler } from './support/connect.js';
import { ERAS } from './support/eras.js';
import { useKernel } from './support/use-kernel.js';

const version = '1.2.3';
const MESSAGE_TYPES = 'application/json, text/event-stream';

interface Message {
  readonly method?: string;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly peer?: string;
}

function send(handler: McpHandler, { method = 'POST', body, headers = {}, peer = '127.0.0.1' }: Message) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const request = new Request(URL_OF_TESTS, {
    method,
    headers: { host: '127.0.0.1:8080', accept: MESSAGE_TYPES, 'content-type': 'application/json', ...headers },
    ...(text !== undefined && { body: text }),
  });
  return handler.fetch(request, { peer });
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
} as const;

async function begin(handler: McpHandler, headers: Readonly<Record<string, string>> = {}) {
  const answer = await send(handler, { body: initialize, headers });
  await answer.text();
  return { status: answer.status, id: answer.headers.get('mcp-session-id') ?? '' };
}

function ping(handler: McpHandler, id: string, headers: Readonly<Record<string, string>> = {}) {
  return send(handler, {
    body: { jsonrpc: '2.0', id: 2, method: 'ping' },
    headers: { 'mcp-session-id': id, ...headers },
  });
}

async function handlerWith(options: Partial<McpHandlerOptions> = {}) {
  const used = await useKernel();
  return { ...used, handler: useHandler({ kernel: used.kernel, version, ...options }) };
}

describe('who may call', () => {
  const tokens = [
    { name: 'reader', token: 'r', scopes: ['read'] },
    { name: 'worker', token: 'w', scopes: ['submit'] },
    { name: 'agent', token: 'a', scopes: ['read', 'submit'] },
  ] as const;

  it('without a token: programs of this machine, and no web page', async () => {
    const { handler } = await handlerWith();
    expect((await send(handler, { body: initialize, headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await send(handler, { body: initialize, headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await send(handler, { body: initialize, peer: '10.0.0.7' })).status).toBe(403);
    expect((await begin(handler)).status).toBe(200);
  });

  it('with tokens: whoever sends one', async () => {
    const { handler } = await handlerWith({ access: { tokens } });
    const refused = await send(handler, { body: initialize, headers: { 'x-trace-id': 'mine' } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="execgo"');
    expect(refused.headers.get('x-trace-id')).toBe('mine');
    expect(await refused.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32_000, message: expect.stringContaining('a token is required') },
    });
    expect((await begin(handler, { authorization: 'Bearer x' })).status).toBe(401);
    expect((await begin(handler, { authorization: 'Bearer r' })).status).toBe(200);
  });

  it.each(ERAS)(
    'a token does what its scopes say, a tool beyond them is refused by name, and events carry its name (%s)',
    async (era) => {
      const { handler, kernel } = await handlerWith({ access: { tokens } });
      const [reader, worker, agent] = await Promise.all(
        ['r', 'w', 'a'].map((token) => overHttp(handler, era, { authorization: `Bearer ${token}` })),
      );
      expect((await reader?.listTools())?.tools.map(({ name }) => name)).toEqual([
        'wait_task',
        'get_task',
        'list_tasks',
      ]);
      for (const name of ['submit_task_graph', 'cancel_task', 'os__echo']) {
        expect(await reader?.callTool({ name, arguments: {} })).toMatchObject({
          isError: true,
          content: [
            { text: `denied: the tool ${name} needs the scope submit, which the token "reader" does not have` },
          ],
        });
      }
      await expect(worker?.listTools()).rejects.toThrow('denied: the token "worker" does not have the scope read');
      expect(await worker?.callTool({ name: 'get_task', arguments: { id: 'a' } })).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('the tool get_task needs the scope read') }],
      });
      const ran = await worker?.callTool({ name: 'os__echo', arguments: { text: 'hi' } });
      expect(ran?.structuredContent).toEqual({ text: 'hi' });
      expect((await agent?.listTools())?.tools).toHaveLength(20);
      const events = [];
      for await (const event of kernel.events({})) if (event.type === 'graph_submitted') events.push(event.actor);
      expect(events).toEqual(['worker']);
    },
  );

  it('a session is good for the token that began it alone', async () => {
    const { handler } = await handlerWith({ access: { tokens } });
    const { id } = await begin(handler, { authorization: 'Bearer r' });
    expect((await ping(handler, id, { authorization: 'Bearer a' })).status).toBe(404);
    expect((await ping(handler, id, { authorization: 'Bearer r' })).status).toBe(200);
  });

  it('pages of a listed origin may ask, and read the answer', async () => {
    const origin = 'https://console.example';
    const { handler } = await handlerWith({ access: { token: 't', allowedOrigins: [origin] } });
    const preflight = await send(handler, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Mcp-Session-Id');
    const answer = await send(handler, { body: initialize, headers: { origin, authorization: 'Bearer t' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id');
  });
});

describe('what is no message of the protocol', () => {
  it.each([
    [{ method: 'PUT', body: '{}' }, 405],
    [{ method: 'OPTIONS' }, 405],
    [{ body: '{"jsonrpc":' }, 400],
    [{ body: '' }, 400],
    [{ body: '[]' }, 400],
    [{ body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }, 400],
    [{ body: initialize, headers: { 'content-type': 'text/plain' } }, 415],
    [{ body: `"${'x'.repeat(2000)}"` }, 413],
    [{ body: initialize, headers: { accept: 'text/html' } }, 406],
    [{ method: 'GET' }, 400],
    [{ method: 'DELETE' }, 400],
    [{ method: 'GET', headers: { 'mcp-session-id': 'nobody' } }, 404],
  ] satisfies [Message, number][])('%j is answered with %i, as JSON-RPC, with a trace id', async (message, status) => {
    const { handler } = await handlerWith({ limits: { maxMessageBytes: 1000 } });
    const answer = await send(handler, message);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { message: expect.any(String) } });
    expect((await begin(handler)).status).toBe(200);
  });
});

describe('sessions of clients of 2025-11-25', () => {
  it('are no more than the limit: the one that was idle longest makes room, and none that is in use', async () => {
    const { handler } = await handlerWith({ limits: { maxSessions: 2 } });
    const [first, second] = [await begin(handler), await begin(handler)];
    await (await ping(handler, first.id)).text();
    const third = await begin(handler);
    expect(third.status).toBe(200);
    expect((await ping(handler, second.id)).status).toBe(404);

    const streams = await Promise.all(
      [first, third].map(({ id }) => send(handler, { method: 'GET', headers: { 'mcp-session-id': id } })),
    );
    expect(streams.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await send(handler, { body: initialize });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    await streams[0]?.body?.cancel();
    expect((await begin(handler)).status).toBe(200);
  });

  it('end when they are idle for too long, and not while a stream is open', async () => {
    const clock = new FakeClock();
    const { handler } = await handlerWith({ clock, limits: { sessionIdleMs: 60_000 } });
    const [idle, open] = [await begin(handler), await begin(handler)];
    const stream = await send(handler, { method: 'GET', headers: { 'mcp-session-id': open.id } });
    await clock.advance(120_000);
    expect((await ping(handler, idle.id)).status).toBe(404);
    expect((await ping(handler, open.id)).status).toBe(200);
    await stream.body?.cancel();
  });

  it('leave no timer behind when an answer is read after the handler was closed', async () => {
    const clock = new FakeClock();
    const { handler } = await handlerWith({ clock });
    const answer = await send(handler, { body: initialize });
    const closed = handler.close();
    await clock.settle();
    await closed;
    await answer.text();
    expect(clock.pendingTimers).toBe(0);
  });

  it('that cannot begin are ended, and the next one can', async () => {
    const { handler } = await handlerWith({ limits: { maxSessions: 1 } });
    const closing = vi.spyOn(Server.prototype, 'close');
    const failing = vi.spyOn(WebStandardStreamableHTTPServerTransport.prototype, 'handleRequest');
    onTestFinished(() => {
      closing.mockRestore();
      failing.mockRestore();
    });
    failing.mockRejectedValueOnce(new TypeError('a defect'));
    vi.spyOn(console, 'error').mockImplementationOnce(() => undefined);
    expect((await send(handler, { body: initialize })).status).toBe(500);
    expect(closing).toHaveBeenCalledTimes(1);
    expect((await begin(handler)).status).toBe(200);
  });

  it('end when the client says so', async () => {
    const { handler } = await handlerWith();
    const { id } = await begin(handler);
    expect((await send(handler, { method: 'DELETE', headers: { 'mcp-session-id': id } })).status).toBe(200);
    expect((await ping(handler, id)).status).toBe(404);
  });

  it('a client that is gone cancels nothing', async () => {
    const { handler, kernel, os } = await handlerWith();
    const transport = new StreamableHTTPClientTransport(new URL(URL_OF_TESTS), { fetch: fetchOf(handler) });
    const client = await useClient(transport, '2025-11-25');
    const call = client.callTool({ name: 'os__wait' });
    call.catch(() => undefined);
    const id = await os.beginning();
    await client.close();
    await expect(call).rejects.toThrow('Connection closed');
    os.release(id);
    expect(await kernel.wait(id)).toMatchObject({ status: 'success' });
  });
});

describe('closing', () => {
  it.each(ERAS)(
    'answers what is under way with what there is, ends streams, and leaves tasks to the kernel (%s)',
    async (era) => {
      const { handler, kernel, os } = await handlerWith();
      const client = await overHttp(handler, era);
      const waits = vi.spyOn(kernel, 'wait');
      const call = client.callTool({ name: 'os__wait' });
      const id = await os.beginning();
      const wait = client.callTool({ name: 'wait_task', arguments: { id } });
      await vi.waitFor(() => expect(waits).toHaveBeenCalledTimes(2), 30_000);
      await handler.close();
      expect(await wait).toMatchObject({ structuredContent: { done: false, task: { id } } });
      expect(await call).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('unavailable: the server is stopping: the task') }],
      });
      const refused = await send(handler, { body: initialize });
      expect(refused.status).toBe(503);
      os.release(id);
      expect(await kernel.wait(id)).toMatchObject({ status: 'success' });
    },
  );

  it('follows the signal of the listener, and ends the stream of a session', async () => {
    const { handler } = await handlerWith();
    const { id } = await begin(handler);
    const closing = new AbortController();
    const request = new Request(URL_OF_TESTS, {
      headers: { host: '127.0.0.1:8080', accept: 'text/event-stream', 'mcp-session-id': id },
    });
    const stream = await handler.fetch(request, { peer: '127.0.0.1', closing: closing.signal });
    expect(stream.status).toBe(200);
    closing.abort();
    expect(await stream.text()).toBe('');
    await handler.close();
  });
});

it('a defect is told to the operator, and not to the client', async () => {
  const { kernel } = await useKernel();
  const logged: string[] = [];
  const logger = { debug: () => {}, error: (_: unknown, message: string) => void logged.push(message) };
  const broken = Object.create(kernel, {
    get: {
      value: () => {
        throw new TypeError('a secret of the implementation');
      },
    },
  });
  const handler = useHandler({ kernel: broken, version, logger });
  const client = await overHttp(handler, '2026-07-28');
  await expect(client.callTool({ name: 'get_task', arguments: { id: 'a' } })).rejects.toThrow(
    'internal error; the log of the server has it',
  );
  expect(logged).toEqual([expect.stringContaining('a secret of the implementation')]);
});

it.each([
  [{ version: '' }, 'option version: expected a version number'],
  [{ limits: { maxSessions: 0 } }, 'option limits.maxSessions: expected a positive integer, got 0'],
  [{ limits: { defaultWaitMs: 10, maxWaitMs: 5 } }, 'option limits.defaultWaitMs: expected at most maxWaitMs (5)'],
  [{ limits: { maxListItems: 5 } }, 'option limits.defaultListItems: expected at most maxListItems (5)'],
  [{ access: { exposure: 'network' } }, 'option access.token: expected a token'],
] as const)('an option that cannot be used is refused by name: %j', async (options, message) => {
  const { kernel } = await useKernel();
  expect(() => createMcpHandler({ kernel, version, ...options })).toThrow(message);
});
