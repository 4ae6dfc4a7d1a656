import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { FakeRun, until } from '@execgo/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { McpServerConfig } from '../src/index.js';
import { type HttpServerProcess, startEverything, startModern } from './support/servers.js';
import { AT_ONCE_MS, noted, useExecutor } from './support/use-executor.js';

const started: { kill(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.kill()));
});

function ended<T extends { kill(): Promise<void> }>(server: T): T {
  started.push(server);
  return server;
}

const config = ({ url }: { readonly url: string }, more: Partial<McpServerConfig> = {}) =>
  ({ url, ...more }) as McpServerConfig;

/** What is served without an MCP SDK. */
async function serve(listener: RequestListener): Promise<{ readonly url: string; kill(): Promise<void> }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return ended({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async kill() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function bodyOf(request: IncomingMessage): Promise<{ id?: number; method: string; params?: { name?: string } }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? { method: request.method ?? '' } : JSON.parse(Buffer.concat(chunks).toString());
}

/** A legacy server without sessions that answers in JSON; `call` serves tools/call. */
function plainServer(call: RequestListener, seen: IncomingMessage[] = []): RequestListener {
  return async (request, response) => {
    seen.push(request);
    const { id, method } = await bodyOf(request);
    const json = (result: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    };
    const capabilities = { tools: {} };
    if (method === 'initialize') {
      json({ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'plain', version: '1' } });
    } else if (method === 'tools/list') json({ tools: [{ name: 'call', inputSchema: { type: 'object' } }] });
    else if (method === 'tools/call') {
      (request as { id?: number }).id = id ?? 0;
      call(request, response);
    } else response.writeHead(method === 'GET' || method === 'DELETE' ? 405 : 202).end();
  };
}

const servers: readonly (readonly [string, string, (port?: number) => Promise<HttpServerProcess>, object])[] = [
  [
    'the legacy era, resumable streams',
    'trigger-long-running-operation',
    startEverything,
    { duration: 600, steps: 6_000 },
  ],
  ['the 2026-07-28 era', 'forever', (port) => startModern('modern-only', port), {}],
  ['the legacy era without sessions', 'forever', (port) => startModern('http', port), {}],
];

describe.each(servers)('a server that is killed in the midst of a call: %s', (name, tool, start, input) => {
  it('fails the call at once, and the next call works', async () => {
    const server = ended(await start());
    const era = name.includes('without sessions') ? ('legacy' as const) : ('auto' as const);
    const { call, failure, executor } = await useExecutor({ servers: { web: config(server, { execgo: { era } }) } });
    await executor.tools();
    const run = new FakeRun();
    const failed = failure(`web.${tool}`, input, run);
    await until(() => run.notes.length > 0);
    const killedAt = performance.now();
    await server.kill();
    const error = await failed;
    expect(performance.now() - killedAt).toBeLessThan(AT_ONCE_MS);
    expect(error).toMatchObject({ code: 'external_failure', retryable: tool !== 'forever' });
    expect(error.message).toContain('may have been carried out');
    const next = ended(await start(server.port));
    const echo = tool === 'forever' ? { text: 'again' } : { message: 'again' };
    expect((await call('web.echo', echo)).text).toContain('again');
    await next.kill();
    // Nothing was sent, so nothing can have been carried out.
    const down = await failure('web.echo', echo);
    expect(down).toMatchObject({ code: 'external_failure', retryable: true });
  });
});

describe('the published server-everything over streamable HTTP', () => {
  it('lists, calls, reports progress, cancels, and a lost session is made anew within the call', async () => {
    const server = ended(await startEverything());
    const { call, failure, toolNames } = await useExecutor({ servers: { web: config(server) } });
    expect(await toolNames()).toContain('web.echo');
    expect((await call('web.echo', { message: 'hi' })).text).toBe('Echo: hi');
    const run = new FakeRun();
    await call('web.trigger-long-running-operation', { duration: 0.2, steps: 4 }, run);
    expect(run.notes.slice(0, 3)).toEqual(
      [1, 2, 3].map((n) => ({ message: `${n} of 4`, data: { progress: n, total: 4 } })),
    );
    const aborted = new FakeRun();
    const failed = failure('web.trigger-long-running-operation', { duration: 600, steps: 6_000 }, aborted);
    await until(() => aborted.notes.length > 0);
    aborted.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    await server.kill();
    ended(await startEverything(server.port));
    const accepted = new FakeRun();
    expect((await call('web.echo', { message: 'new session' }, accepted)).text).toBe('Echo: new session');
    expect(accepted.accepted).toEqual(['a']);
  });
});

describe('the 2026-07-28 era over HTTP', () => {
  it('lists, calls, and an abort reaches the server', async () => {
    const server = ended(await startModern('modern-only'));
    const { call, failure, check } = await useExecutor({ servers: { web: config(server) } });
    await check({ tool_name: 'web.add', input: { a: 1, b: 2 } });
    expect(await call('web.add', { a: 1, b: 2 })).toMatchObject({ text: '3', structured_content: { sum: 3 } });
    expect(await failure('web.fail')).toMatchObject({ code: 'external_failure', message: 'the handler threw' });
    const run = new FakeRun();
    const failed = failure('web.forever', {}, run);
    await noted(run, 'begun');
    run.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    const deadline = performance.now() + 5_000;
    while ((await call('web.cancelled')).text !== '1') expect(performance.now()).toBeLessThan(deadline);
  });

  it('era 2026-07-28 refuses a server that speaks only the older ones', async () => {
    const server = await serve(plainServer((_request, response) => response.end()));
    const execgo = { era: '2026-07-28' as const, connectTimeoutMs: 500 };
    const { failure } = await useExecutor({ servers: { web: config(server, { execgo }) } });
    expect((await failure('web.echo', { message: 'x' })).message).toContain('cannot be reached');
  });
});

describe('where requests go', () => {
  it('configured headers are sent; a redirect to another origin is refused and sees nothing', async () => {
    const stolen: IncomingMessage[] = [];
    const thief = await serve((request, response) => {
      stolen.push(request);
      response.end();
    });
    const seen: IncomingMessage[] = [];
    const server = await serve(
      plainServer((_request, response) => response.writeHead(307, { location: thief.url }).end(), seen),
    );
    const { failure } = await useExecutor({
      servers: { web: { url: server.url, headers: { Authorization: 'Bearer sesame-123' }, execgo: { era: 'legacy' } } },
    });
    const error = await failure('web.call');
    expect(error.code).toBe('external_failure');
    expect(error.message).not.toContain('sesame-123');
    expect(seen.every(({ headers }) => headers.authorization === 'Bearer sesame-123')).toBe(true);
    expect(stolen).toEqual([]);
  });

  it('the configured address is allowed, metadata addresses and ExecGo’s own ports are not', async () => {
    const server = await serve(plainServer((_request, response) => response.end()));
    const port = Number(new URL(server.url).port);
    const metadata = await useExecutor({ servers: { web: { url: 'http://169.254.169.254/mcp' } } });
    expect(await metadata.failure('web.call')).toMatchObject({ code: 'denied' });
    const own = await useExecutor({ servers: { web: { url: server.url } }, egress: { forbidPorts: [port] } });
    expect(await own.failure('web.call')).toMatchObject({ code: 'denied' });
    // This server swallows what it does not know: the question for its protocol would have no answer.
    const execgo = { era: 'legacy' } as const;
    const strict = await useExecutor({ servers: { web: { url: server.url, execgo } }, egress: { profile: 'strict' } });
    expect(await strict.toolNames()).toEqual(['web.call']);
  });
});

describe('answers that are no good', () => {
  it.each(['application/json', 'text/event-stream'])('longer than maxMessageBytes, %s', async (type) => {
    const server = await serve(
      plainServer((request, response) => {
        const { id } = request as { id?: number };
        const content = [{ type: 'text', text: 'z'.repeat(3_000_000) }];
        const message = JSON.stringify({ jsonrpc: '2.0', id, result: { content } });
        response.writeHead(200, { 'content-type': type });
        response.end(type === 'application/json' ? message : `id: 1\ndata: \n\nid: 2\ndata: ${message}\n\n`);
      }),
    );
    const execgo = { era: 'legacy' as const };
    const { failure } = await useExecutor({ servers: { web: config(server, { execgo }) }, maxMessageBytes: 1_000_000 });
    const start = performance.now();
    expect((await failure('web.call')).message).toContain('maxMessageBytes (1000000)');
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('many events in one stream may be longer together', async () => {
    const server = await serve(
      plainServer((request, response) => {
        const { id } = request as { id?: number };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const note = {
          jsonrpc: '2.0',
          method: 'notifications/message',
          params: { level: 'info', data: 'x'.repeat(10_000) },
        };
        for (let at = 0; at < 300; at += 1) response.write(`data: ${JSON.stringify(note)}\n\n`);
        const result = { content: [{ type: 'text', text: 'in the end' }] };
        response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
      }),
    );
    const execgo = { era: 'legacy' as const };
    const { call } = await useExecutor({ servers: { web: config(server, { execgo }) }, maxMessageBytes: 100_000 });
    expect((await call('web.call')).text).toBe('in the end');
  });

  const unusable: readonly (readonly [string, RequestListener, string])[] = [
    ['a gateway that gave up', (_request, response) => response.writeHead(504).end('too slow'), 'HTTP status 504'],
    ['HTML', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'), 'text/html'],
    ['broken JSON', (_request, response) => response.setHeader('content-type', 'application/json').end('{"js'), 'JSON'],
    [
      'a result that is none',
      (request, response) => {
        const message = { jsonrpc: '2.0', id: (request as { id?: number }).id, result: { content: 'no array' } };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(message));
      },
      'content',
    ],
    [
      'a message that is too long',
      (request, response) => {
        const result = { content: [{ type: 'text', text: 'z'.repeat(200_000) }] };
        const message = { jsonrpc: '2.0', id: (request as { id?: number }).id, result };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(message));
      },
      'maxMessageBytes',
    ],
  ];

  it.each(unusable)('a call may have been carried out whose answer is %s', async (_name, answer, mentions) => {
    const server = await serve(plainServer(answer));
    const web = config(server, { execgo: { era: 'legacy' } });
    const { failure } = await useExecutor({ servers: { web }, maxMessageBytes: 100_000 });
    const error = await failure('web.call');
    expect(error).toMatchObject({ code: 'external_failure', retryable: false, final: true });
    expect(error.message).toContain('it may have been carried out');
    expect(error.message).toContain(mentions);
  });

  it.each([404, 400])('a %i of a server without sessions is its answer, and the call is made once', async (status) => {
    let calls = 0;
    const server = await serve(
      plainServer((_request, response) => {
        calls += 1;
        response.writeHead(status).end('unknown session');
      }),
    );
    const { failure } = await useExecutor({ servers: { web: config(server, { execgo: { era: 'legacy' } }) } });
    expect((await failure('web.call')).message).toContain(`HTTP status ${status}`);
    expect(calls).toBe(1);
  });

  it('a request that the server refuses was not carried out', async () => {
    const server = await serve(plainServer((_request, response) => response.writeHead(422).end('no')));
    const { failure } = await useExecutor({ servers: { web: config(server, { execgo: { era: 'legacy' } }) } });
    const error = await failure('web.call');
    expect(error).toMatchObject({ code: 'external_failure', final: false });
    expect(error.message).not.toContain('may have been');
  });

  it('an error status is the end of the call, and says what came', async () => {
    const server = await serve(plainServer((_request, response) => response.writeHead(503).end('out for lunch')));
    const { failure } = await useExecutor({ servers: { web: config(server, { execgo: { era: 'legacy' } }) } });
    expect((await failure('web.call')).message).toMatch(/HTTP status 503: .*out for lunch/);
  });
});

describe('a call that is cancelled', () => {
  it.each(['hangs', 'is refused'])('is let go of also where the word of it %s', async (how) => {
    let isOpen = false;
    let isToldOpen = false;
    const plain = plainServer((_request, response) => {
      isOpen = true;
      response.on('close', () => {
        isOpen = false;
      });
    });
    const server = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (!Buffer.concat(chunks).includes('notifications/cancelled')) {
        const again = Object.assign(Readable.from(chunks), { method: request.method, headers: request.headers });
        plain(again as unknown as IncomingMessage, response);
        return;
      }
      if (how === 'is refused') response.writeHead(500).end();
      isToldOpen = how === 'hangs';
      response.on('close', () => {
        isToldOpen = false;
      });
    });
    const web = config(server, { execgo: { era: 'legacy', connectTimeoutMs: 3_000 } });
    const { failure } = await useExecutor({ servers: { web } });
    const run = new FakeRun();
    const failed = failure('web.call', {}, run);
    await until(() => isOpen);
    run.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
    await until(() => !isOpen && !isToldOpen);
  });
});
