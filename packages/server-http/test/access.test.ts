import { ConfigError } from '@execgo/core';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createApp, serve } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';
import { openSocket, parseAnswer, readToEnd, sendLines } from './support/raw-http.js';
import { type Answer, listen, send, testApp } from './support/test-server.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND'];
const NEED_NO_TOKEN = ['/health', '/livez', '/readyz'];
const TOKEN = 'correct-horse';
const health = { health: async () => ({ state: 'ok', problems: {} }) as const };

/** The paths of every registered route, with a value for each parameter, and one that is none. */
function pathsOf(app: Hono): readonly string[] {
  return app.routes.map(({ path }) => (path === '/*' ? '/nowhere' : path.replace(/:\w+(\{.*\})?/g, 'some-id')));
}

async function everyRoute(app: Hono, headers: Record<string, string>): Promise<readonly [string, Answer][]> {
  const calls = pathsOf(app).flatMap((path) => METHODS.map((method) => [method, path] as const));
  return Promise.all(
    calls.map(async ([method, path]) => [`${method} ${path}`, await send(app, method, path, { headers })] as const),
  ) as Promise<[string, Answer][]>;
}

describe('who may call: no route is open, whatever the method', () => {
  it('walks the routes of this app', () => {
    const { app } = testApp(fakeKernel());
    expect(pathsOf(app)).toEqual([
      '/tasks',
      '/tasks/some-id',
      '/tasks/some-id/cancel',
      '/events',
      '/tasks/some-id/events',
      '/tasks/some-id/output',
      '/graphs/some-id',
      '/graphs/some-id/cancel',
      '/mcp/tools',
      '/mcp/call',
      '/mcp/tasks/some-id',
      '/skills',
      '/skills/some-id',
      '/skills/some-id/files/some-id',
      '/health',
      '/livez',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/nowhere',
    ]);
  });

  it.each([
    ['a foreign Host', { host: 'evil.test' }],
    ['a foreign Origin', { origin: 'https://evil.test' }],
    ['an opaque Origin', { origin: 'null' }],
  ])('loopback without a token: %s is refused on all of them', async (_name, headers) => {
    const { app } = testApp(fakeKernel());
    for (const [call, { status, json, headers: answered }] of await everyRoute(
      app,
      headers as Record<string, string>,
    )) {
      expect([call, status]).toEqual([call, 403]);
      if (!call.startsWith('HEAD')) expect(json.code).toBe('denied');
      expect(answered.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each([
    ['no token', {}],
    ['another token', { authorization: 'Bearer wrong' }],
    ['the token with a space after it', { authorization: `Bearer ${TOKEN} x` }],
    ['the token without a scheme', { authorization: TOKEN }],
    ['the token as the user of Basic', { authorization: `Basic ${btoa(`${TOKEN}:`)}` }],
    ['an empty password', { authorization: `Basic ${btoa('user:')}` }],
  ])('beyond loopback: %s is refused on all but the three probes', async (_name, headers) => {
    const { app } = testApp(fakeKernel(health), { access: { exposure: 'network', token: TOKEN } });
    for (const [call, { status, headers: answered }] of await everyRoute(app, { host: 'a.example', ...headers })) {
      const open = NEED_NO_TOKEN.some((path) => call.endsWith(path));
      if (open) {
        expect([call, status]).toEqual([call, /^(GET|HEAD) /.test(call) ? 200 : 405]);
      } else {
        expect([call, status]).toEqual([call, 401]);
        expect(answered.get('www-authenticate')).toMatch(/^Bearer /);
      }
    }
  });

  it('Origin is checked beyond loopback too, with a valid token, on the probes too', async () => {
    const { app } = testApp(fakeKernel(health), { access: { exposure: 'network', token: TOKEN } });
    const headers = { host: 'a.example', origin: 'https://evil.test', authorization: `Bearer ${TOKEN}` };
    for (const [call, { status }] of await everyRoute(app, headers)) expect([call, status]).toEqual([call, 403]);
  });
});

describe('who may call: loopback without a token is open to this machine', () => {
  const { app } = testApp(fakeKernel());

  it.each([
    'localhost',
    'localhost:8080',
    'LocalHost:1',
    '127.0.0.1',
    '127.0.0.1:80',
    '127.255.3.4:65535',
    '[::1]',
    '[::1]:9',
  ])('Host %s is a loopback name', async (host) => {
    expect((await send(app, 'GET', '/livez', { headers: { host } })).status).toBe(200);
  });

  it.each([
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'evil.test:8080',
    'notlocalhost',
    'localhost:',
    'localhost:8080:8080',
    'localhost@evil.test',
    '127.0.0.256',
    '127.0.0',
    '128.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    '[::2]',
    '[::ffff:10.0.0.1]',
    'localhost, localhost',
    'localhost evil.test',
    '2130706433',
    '',
  ])('Host %j is refused', async (host) => {
    const { status, json } = await send(app, 'GET', '/livez', { headers: { host } });
    expect([status, json.code]).toEqual([403, 'denied']);
  });

  it('a missing Host is refused', async () => {
    expect((await app.request('/livez')).status).toBe(403);
  });

  it('Host is not checked where a token is asked for', async () => {
    const guarded = testApp(fakeKernel(health), { access: { token: TOKEN } }).app;
    const headers = { host: 'proxy.example', authorization: `Bearer ${TOKEN}` };
    expect((await send(guarded, 'GET', '/nowhere', { headers })).status).toBe(404);
  });
});

describe('who may call: over real connections', () => {
  it('a missing, repeated, foreign or malformed Host is refused, and says why', async () => {
    const server = await listen(testApp(fakeKernel()).app);
    const good = await sendLines(server, 'GET /livez HTTP/1.1', 'Host: localhost');
    expect([good.status, good.body]).toEqual([200, '{"status":"ok"}']);
    for (const lines of [
      [],
      ['Host: localhost', 'Host: evil.test'],
      ['Host: evil.test', 'Host: localhost'],
      ['Host: localhost', 'hOsT: localhost'],
      ['Host: evil.test'],
      ['Host:'],
    ]) {
      const { status, body, headers } = await sendLines(server, 'GET /livez HTTP/1.1', ...lines);
      expect([lines, status, JSON.parse(body).code]).toEqual([lines, 403, 'denied']);
      expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
    }
    for (const host of ['localhost@evil.test', 'a b', '[::1', '%', '127.0.0.1:99999', '"localhost"', 'localhost/..']) {
      const { status, headers } = await sendLines(server, 'GET /livez HTTP/1.1', `Host: ${host}`);
      expect([host, [400, 403].includes(status)]).toEqual([host, true]);
      expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it('the header name may be in any case, and a second Origin does not slip past the first', async () => {
    const server = await listen(testApp(fakeKernel(), { access: { allowedOrigins: ['https://a.example'] } }).app);
    const ok = await sendLines(server, 'GET /livez HTTP/1.1', 'hOST: localhost', 'ORIGIN: https://a.example');
    expect(ok.status).toBe(200);
    const two = ['Origin: https://a.example', 'oRiGiN: https://evil.test'];
    expect((await sendLines(server, 'GET /livez HTTP/1.1', 'Host: localhost', ...two)).status).toBe(403);
    const empty = await sendLines(server, 'GET /livez HTTP/1.1', 'Host: localhost', 'Origin:');
    expect(empty.status).toBe(403);
  });

  it('an absolute request target does not replace the Host header', async () => {
    const server = await listen(testApp(fakeKernel()).app);
    const { status } = await sendLines(server, 'GET http://localhost/livez HTTP/1.1', 'Host: evil.test');
    expect(status).toBe(403);
  });

  it('a refused request does not spoil the next one on its connection', async () => {
    const server = await listen(testApp(fakeKernel()).app);
    const socket = await openSocket(server);
    socket.write(
      'GET /livez HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    const { text } = await readToEnd(socket);
    const second = parseAnswer(text.slice(text.lastIndexOf('HTTP/1.1')));
    expect([parseAnswer(text).status, second.status]).toEqual([403, 200]);
  });
});

describe('who may call: a connection from elsewhere, with a loopback name as its Host', () => {
  const headers = { host: 'localhost' };
  const from = (remoteAddress: string | undefined) => ({ incoming: { socket: { remoteAddress } } });

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', undefined])('%s is let in', async (address) => {
    const { app } = testApp(fakeKernel());
    expect((await app.request('/livez', { headers }, from(address))).status).toBe(200);
  });

  it.each(['10.0.0.5', '192.168.1.2', '::ffff:10.0.0.5', 'fe80::1', '2001:db8::1', '128.0.0.1', ''])(
    '%j is refused without a token, also under a prefix',
    async (address) => {
      const { app } = testApp(fakeKernel());
      const host = new Hono().route('/execgo', app);
      expect((await app.request('/livez', { headers }, from(address))).status).toBe(403);
      expect((await host.request('/execgo/livez', { headers }, from(address))).status).toBe(403);
    },
  );

  it('is let in with one', async () => {
    const { app } = testApp(fakeKernel(), { access: { token: TOKEN } });
    const request = { headers: { ...headers, authorization: `Bearer ${TOKEN}` } };
    expect((await app.request('/nowhere', request, from('10.0.0.5'))).status).toBe(404);
  });
});

describe('who may call: the token', () => {
  const { app } = testApp(fakeKernel(health), { access: { exposure: 'network', token: TOKEN } });
  const answerTo = async (authorization: string) =>
    (await send(app, 'GET', '/nowhere', { headers: { host: 'a.example', authorization } })).status;

  it.each([
    ['Bearer', `Bearer ${TOKEN}`],
    ['bearer in lower case', `bearer ${TOKEN}`],
    ['Basic with the token as password', `Basic ${btoa(`user:${TOKEN}`)}`],
    ['Basic without a user', `Basic ${btoa(`:${TOKEN}`)}`],
  ])('%s lets in', async (_name, authorization) => {
    expect(await answerTo(authorization)).toBe(404);
  });

  it('a password may hold colons', async () => {
    const other = testApp(fakeKernel(), { access: { token: 'a:b:c' } }).app;
    const headers = { authorization: `Basic ${btoa('user:a:b:c')}` };
    expect((await send(other, 'GET', '/nowhere', { headers })).status).toBe(404);
  });

  it.each(['Bearer', 'Bearer ', 'Basic !!!', `Digest ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`])(
    '%s does not',
    async (authorization) => {
      expect(await answerTo(authorization)).toBe(401);
    },
  );

  it('beyond loopback there must be one, or a word that there need not be', () => {
    const make = (access: object) => () => createApp({ kernel: fakeKernel(), version: '1', access });
    expect(make({ exposure: 'network' })).toThrow(ConfigError);
    expect(make({ exposure: 'network', allowUnauthenticated: true })).not.toThrow();
    expect(make({ exposure: 'network', token: '' })).toThrow('access.token');
    expect(make({ token: 'two words' })).toThrow('(not shown)');
  });

  it('an app without one is not listened to beyond loopback', async () => {
    const { app: open } = testApp(fakeKernel());
    await expect(serve(open, { port: 0, hostname: '0.0.0.0' })).rejects.toThrow('option hostname');
    const { app: allowed } = testApp(fakeKernel(), { access: { exposure: 'network', allowUnauthenticated: true } });
    const server = await listen(allowed, { hostname: '0.0.0.0' });
    expect(server.address.host).toBe('0.0.0.0');
  });
});

describe('who may call: pages of a listed origin', () => {
  const origin = 'https://console.example.org';
  const { app } = testApp(fakeKernel(health), {
    access: { exposure: 'network', token: TOKEN, allowedOrigins: [origin] },
  });

  it('may read answers, errors too, and no other page may', async () => {
    const { status, headers } = await send(app, 'GET', '/health', { headers: { origin } });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-expose-headers')).toContain('X-Next-Cursor');
    expect(headers.get('vary')).toBe('Origin');
    const refused = await send(app, 'GET', '/tasks', { headers: { origin } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, origin]);
    const foreign = await send(app, 'GET', '/health', { headers: { origin: `${origin}.evil.test` } });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it('have their preflight answered without a token, which they cannot send there', async () => {
    const headers = { origin, 'access-control-request-method': 'POST' };
    const { status, headers: answered } = await send(app, 'OPTIONS', '/tasks', { headers });
    expect(status).toBe(204);
    expect(answered.get('access-control-allow-methods')).toBe('GET, HEAD, POST');
    expect(answered.get('access-control-allow-headers')).toContain('Idempotency-Key');
    expect(answered.get('access-control-allow-credentials')).toBeNull();
  });

  it('get nothing without being listed: a program sees no CORS header', async () => {
    const { headers } = await send(app, 'GET', '/health');
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each(['*', 'https://a.example/', 'a.example', 'null', 'HTTPS://A.EXAMPLE', 'https://a.example/path'])(
    'an origin that no browser would send (%s) cannot be listed',
    (bad) => {
      const make = () => createApp({ kernel: fakeKernel(), version: '1', access: { allowedOrigins: [bad] } });
      expect(make).toThrow('access.allowedOrigins');
    },
  );
});

it('a host app that this one is mounted in is guarded by it only below the prefix', async () => {
  const host = new Hono().get('/own', (c) => c.text('mine')).route('/execgo', testApp(fakeKernel()).app);
  expect((await host.request('/own')).status).toBe(200);
  expect((await host.request('/execgo/livez')).status).toBe(403);
  expect((await host.request('/execgo/livez', { headers: { host: 'localhost' } })).status).toBe(200);
});
