import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSocket, readToEnd } from './support/raw-http.js';
import { listen, startKernel, testApp } from './support/test-server.js';

const latin1 = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text, 'utf8').toString('latin1'));
const known = fc.constantFrom(
  ...[
    '/tasks',
    '/tasks?limit=9',
    '/tasks/a',
    '/tasks/%2F',
    '/tasks/%00?wait=x',
    '/tasks/%ff',
    '/tasks/%',
    '/tasks/a/cancel',
  ],
  ...[
    '/tasks/a/events',
    '/events?after=1',
    '/graphs/%E2%82%AC',
    '/graphs/g/cancel',
    '/mcp/call',
    '/mcp/tasks/h',
    '/skills/%00',
    '/skills/s/files/..%2Fa',
    '/health',
    '/livez',
    '/metrics',
    '/tasks/..',
  ],
);
const path = fc.oneof(
  { weight: 8, arbitrary: known },
  { weight: 2, arbitrary: fc.webPath({ size: 'small' }) },
  { weight: 1, arbitrary: latin1 },
);
const header = fc.oneof(
  fc.constantFrom(
    ...['Content-Length: 2', 'Content-Length: -1', 'Transfer-Encoding: chunked', 'Accept: text/event-stream;q=x'],
    ...['Last-Event-ID: 1', 'Expect: 100-continue', 'Upgrade: h2c', 'Content-Type: application/json'],
    ...['Origin: null', 'Authorization: Basic', 'Range: bytes=0-', 'If-None-Match: *', 'Idempotency-Key: '],
  ),
  fc
    .tuple(fc.constantFrom('X-Trace-ID', 'Accept', 'Content-Type', 'Host', 'Cookie'), fc.string({ maxLength: 20 }))
    .map(([name, value]) => `${name}: ${value}`),
);
const method = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE') },
  { weight: 1, arbitrary: fc.constantFrom('PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'get', 'X') },
);
const version = fc.oneof({ weight: 20, arbitrary: fc.constant('HTTP/1.1') }, fc.constantFrom('HTTP/1.0', 'HTTP/2.0'));
const request = fc
  .record({
    method,
    path,
    version,
    headers: fc.array(header, { maxLength: 3 }),
    body: fc.oneof(fc.constantFrom('', '{}', '2\r\n{}\r\n0\r\n\r\n'), latin1),
  })
  .map((r) =>
    [`${r.method} ${r.path} ${r.version}`, 'Host: localhost', ...r.headers, 'Connection: close', '', r.body].join(
      '\r\n',
    ),
  );

it('whatever bytes come, the answer is no 5xx and the next request is served', async () => {
  const { kernel } = await startKernel();
  const { app, logged } = testApp(kernel);
  const server = await listen(app, { headersTimeoutMs: 200, requestTimeoutMs: 200, timeoutCheckMs: 20 });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const socket = await openSocket(server);
      socket.end(Buffer.from(bytes, 'latin1'));
      // An event stream ends for a client that has said all it will say only when the client closes.
      socket.setTimeout(500, () => socket.destroy());
      const { status } = await readToEnd(socket);
      seen.add(status);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
  // The bytes do reach the app, and most of its answers.
  for (const status of [200, 400, 403, 404, 405]) expect(seen).toContain(status);
  expect(logged).toEqual([]);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});
