import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib';
import { ExecGoError } from '@execgo/core';
import { freshRun } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CERTIFICATE, CERTIFICATE_KEY } from './support/certificate.js';
import { Bench } from './support/executor.js';
import { TestServer } from './support/http-server.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: TestServer;
let other: TestServer;
let bench: Bench;
let seen: Seen[];
const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {};

async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
  (routes[url] ?? ((_request, answer) => answer.end('hello')))(request, response);
}

beforeEach(async () => {
  seen = [];
  server = await TestServer.start(listener);
  other = await TestServer.start(listener);
  bench = new Bench({ egress: { profile: 'local' }, httpTimeoutMs: 2_000 });
});
afterEach(async () => {
  for (const key of Object.keys(routes)) delete routes[key];
  await bench.dispose();
  await server.close();
  await other.close();
});

const http = (path: string, more: object = {}, run = freshRun()) =>
  bench.run('http', { url: path.startsWith('http') ? path : server.url + path, ...more }, run) as Promise<
    Record<string, unknown>
  >;

describe('a request', () => {
  it('is GET by default and gives status, headers and body', async () => {
    routes['/a?b=c'] = (_request, response) => response.writeHead(201, { 'x-two': ['1', '2'] }).end('grün');
    expect(await http('/a?b=c#part')).toMatchObject({ status_code: 201, body: 'grün', headers: { 'x-two': '1, 2' } });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/a?b=c', body: '' });
  });

  it('sends method, headers and body', async () => {
    await http('/', { method: 'post', headers: { 'X-Mine': 'yes', 'User-Agent': 'me' }, body: 'grün' });
    expect(seen[0]).toMatchObject({ method: 'POST', body: 'grün', headers: { 'x-mine': 'yes', 'user-agent': 'me' } });
    await http('/', { method: 'DELETE' });
    expect(seen[1]).toMatchObject({ method: 'DELETE', body: '' });
  });

  it('status 400 and above is still success', async () => {
    routes['/404'] = (_request, response) => response.writeHead(404).end('none');
    routes['/500'] = (_request, response) => response.writeHead(500).end('broken');
    expect(await http('/404')).toMatchObject({ status_code: 404, body: 'none' });
    expect(await http('/500')).toMatchObject({ status_code: 500, body: 'broken' });
  });

  it('sends the name and password of a URL as its Authorization, and nowhere else', async () => {
    await http(server.url.replace('://', '://us%C3%A4r:pw@'));
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('usär:pw').toString('base64')}`);
    expect(seen[0]?.url).toBe('/');
  });

  it('by https asks for the name it was given, at the address that was checked, and trusts no stranger', async () => {
    const names: string[] = [];
    const identity = { cert: CERTIFICATE, key: CERTIFICATE_KEY };
    const SNICallback = (name: string, done: (error: null, context: SecureContext) => void) => {
      names.push(name);
      done(null, createSecureContext(identity));
    };
    const secure = createServer({ ...identity, SNICallback }, (_request, response) => response.end('secret'));
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port } = secure.address() as AddressInfo;
    const named = new Bench({ egress: { profile: 'local', lookup: async () => ['127.0.0.1'] } });
    await expect(named.run('http', { url: `https://name.example:${port}/` })).rejects.toMatchObject({
      code: 'external_failure',
      message: expect.stringContaining('self-signed certificate'),
    });
    expect(names).toEqual(['name.example']);
    await named.dispose();
    secure.close();
  });

  it('does not use a proxy of the environment', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, other.url);
    await http('/direct');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers.host).toBe(`127.0.0.1:${server.port}`);
  });

  it('fails as external_failure where nobody listens, or the answer is no HTTP', async () => {
    const { port } = other;
    await other.close();
    await expect(http(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'external_failure',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    other = await TestServer.start(listener);
    routes['/raw'] = (request) => request.socket.end('this is not HTTP\r\n\r\n');
    await expect(http('/raw')).rejects.toMatchObject({ code: 'external_failure' });
  });

  it('fails as external_failure where a name does not resolve', async () => {
    await expect(http('http://no-such-host.invalid/')).rejects.toMatchObject({
      code: 'external_failure',
      message: expect.stringContaining('no-such-host.invalid'),
    });
  });

  it('fails as timeout where no answer comes', async () => {
    const quick = new Bench({ egress: { profile: 'local' }, httpTimeoutMs: 100 });
    routes['/never'] = () => undefined;
    await expect(quick.run('http', { url: `${server.url}/never` })).rejects.toMatchObject({ code: 'timeout' });
    await quick.dispose();
  });

  it('an abort ends it, and its connection', async () => {
    const gone = new Promise<void>((resolve) => {
      routes['/never'] = (request) => request.socket.once('close', () => resolve());
    });
    const run = freshRun();
    const failing = http('/never', {}, run);
    failing.catch(() => undefined);
    await vi.waitFor(() => expect(seen).toHaveLength(1), 30_000);
    run.abort(new ExecGoError('cancelled', 'stop it'));
    await expect(failing).rejects.toMatchObject({ code: 'cancelled', message: 'stop it' });
    await gone;
  });
});

describe('a body', () => {
  it('is decoded where we asked for an encoding, and as it came where the task did', async () => {
    routes['/gzip'] = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('zipped'));
    routes['/br'] = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('broed'));
    const zipped = await http('/gzip');
    expect(zipped.body).toBe('zipped');
    expect(zipped.headers).not.toHaveProperty('content-encoding');
    expect((await http('/br')).body).toBe('broed');
    expect(seen[0]?.headers['accept-encoding']).toBe('gzip, br');
    const raw = await http('/gzip', { headers: { 'Accept-Encoding': 'gzip' } });
    expect(raw.body).not.toBe('zipped');
    expect(seen[2]?.headers['accept-encoding']).toBe('gzip');
  });

  it('is cut at 1 MiB, and says so', async () => {
    routes['/big'] = (_request, response) => response.end(Buffer.alloc(3_000_000, 'x'));
    routes['/full'] = (_request, response) => response.end(Buffer.alloc(1024 * 1024, 'x'));
    const cut = await http('/big');
    expect(cut).toMatchObject({ truncated: true, status_code: 200 });
    expect((cut.body as string).length).toBe(1024 * 1024);
    const full = await http('/full');
    expect((full.body as string).length).toBe(1024 * 1024);
    expect(full).not.toHaveProperty('truncated');
  });

  it('that never ends is cut too, and its connection closed', async () => {
    const gone = new Promise<void>((resolve) => {
      routes['/endless'] = (_request, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more).once('close', resolve);
        more();
      };
    });
    expect(await http('/endless')).toMatchObject({ truncated: true });
    await gone;
  });

  it('a gzip bomb costs no more than its first mebibyte', async () => {
    let sent = 0;
    routes['/bomb'] = async (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const bomb = createGzip();
      bomb.on('data', (chunk: Buffer) => {
        sent += chunk.length;
      });
      bomb.pipe(response);
      const gone = once(response, 'close');
      const zeros = Buffer.alloc(1024 * 1024);
      for (let written = 0; written < 200 && !response.destroyed; written += 1) {
        if (!bomb.write(zeros)) await Promise.race([once(bomb, 'drain'), gone]);
      }
      bomb.end();
    };
    const before = process.memoryUsage().rss;
    const answer = await http('/bomb');
    expect(answer).toMatchObject({ truncated: true });
    expect((answer.body as string).length).toBe(1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect(sent).toBeLessThan(300_000);
  });

  it('that is not what its encoding says is a failure', async () => {
    routes['/bad'] = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not zipped');
    await expect(http('/bad')).rejects.toMatchObject({ code: 'external_failure' });
  });

  it('cut off by the server is a failure', async () => {
    routes['/short'] = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.destroy());
    };
    await expect(http('/short')).rejects.toMatchObject({ code: 'external_failure' });
  });
});

describe('redirects', () => {
  const redirect = (status: number, location: string) => (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, { location }).end();

  it.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'data'],
    [308, 'POST', 'data'],
  ])('%d goes on as %s', async (status, method, body) => {
    routes['/from'] = redirect(status, '/to');
    await http('/from', { method: 'POST', body: 'data', headers: { 'content-type': 'text/plain' } });
    expect(seen[1]).toMatchObject({ method, body, url: '/to' });
    expect(seen[1]?.headers['content-type']).toBe(method === 'POST' ? 'text/plain' : undefined);
  });

  it('a HEAD stays one', async () => {
    routes['/from'] = redirect(302, '/to');
    expect(await http('/from', { method: 'HEAD' })).toMatchObject({ status_code: 200, body: '' });
    expect(seen[1]?.method).toBe('HEAD');
  });

  it('credentials stay with their origin', async () => {
    routes['/away'] = redirect(302, `${other.url}/there`);
    routes['/near'] = redirect(302, '/there');
    const headers = { Authorization: 'secret', COOKIE: 'secret', 'Proxy-Authorization': 'secret', 'X-Plain': 'kept' };
    await http('/away', { headers });
    expect(seen[1]?.headers).toMatchObject({ 'x-plain': 'kept' });
    expect(JSON.stringify(seen[1])).not.toContain('secret');
    await http('/near', { headers });
    expect(seen[3]?.headers).toMatchObject({ authorization: 'secret', cookie: 'secret', 'x-plain': 'kept' });
  });

  it('at most five', async () => {
    for (let at = 0; at < 7; at += 1) routes[`/${at}`] = redirect(302, `/${at + 1}`);
    expect(await http('/2')).toMatchObject({ status_code: 200 });
    await expect(http('/1')).rejects.toMatchObject({
      code: 'external_failure',
      message: expect.stringContaining('more than 5 redirects'),
    });
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'data:text/plain,x', 'javascript:x'])(
    'lead to http and https alone: %s is denied',
    async (location) => {
      routes['/from'] = redirect(302, location);
      await expect(http('/from')).rejects.toMatchObject({ code: 'denied' });
    },
  );

  it('one without a place to go is the answer', async () => {
    routes['/from'] = (_request, response) => response.writeHead(302).end('nowhere');
    expect(await http('/from')).toMatchObject({ status_code: 302, body: 'nowhere' });
  });
});
