import { API_ERROR_CODES, ExecGoError, RUN_ERROR_CODES } from '@execgo/core';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { STATUS_OF } from '../src/index.js';
import { fakeKernel } from './support/fake-kernel.js';
import { openSocket, sendLines } from './support/raw-http.js';
import { listen, send, startKernel, testApp } from './support/test-server.js';

/** An app on which `GET /tasks/a` fails with this. */
function failingApp(error: unknown) {
  return testApp(fakeKernel({ get: () => Promise.reject(error) }));
}

describe('errors: {error, code, details?, trace_id}', () => {
  it.each([
    ['invalid_input', 400],
    ['unauthenticated', 401],
    ['denied', 403],
    ['not_found', 404],
    ['conflict', 409],
    ['gone', 410],
    ['too_large', 413],
    ['unsupported_media_type', 415],
    ['resource_exhausted', 429],
    ['internal', 500],
    ['unavailable', 503],
  ] as const)('%s is %i', async (code, expected) => {
    const { app } = failingApp(new ExecGoError(code, `because of ${code}`));
    const { status, json, headers } = await send(app, 'GET', '/tasks/a');
    expect([status, STATUS_OF[code]]).toEqual([expected, expected]);
    expect(json).toEqual({ error: `because of ${code}`, code, trace_id: headers.get('x-trace-id') });
    expect(headers.get('retry-after')).toBe(code === 'resource_exhausted' ? '1' : null);
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('codes that only a run can end with are never an answer of the API', async () => {
    const runOnly = RUN_ERROR_CODES.filter((code) => !(API_ERROR_CODES as readonly string[]).includes(code));
    expect(runOnly).toContain('timeout');
    for (const code of runOnly) {
      const { status, json } = await send(failingApp(new ExecGoError(code, 'x')).app, 'GET', '/tasks/a');
      expect([code, status, json.code]).toEqual([code, 500, 'internal']);
    }
  });

  it('details are told, but not those of an internal error', async () => {
    const details = { field: 'tasks[3].retry' };
    const told = await send(failingApp(new ExecGoError('invalid_input', 'x', { details })).app, 'GET', '/tasks/a');
    expect(told.json.details).toEqual(details);
    const hidden = await send(failingApp(new ExecGoError('internal', 'x', { details })).app, 'GET', '/tasks/a');
    expect(hidden.json).not.toHaveProperty('details');
  });

  it('what is not an ExecGoError is logged and not shown', async () => {
    for (const thrown of [new TypeError('secret path /root'), 'secret text', undefined, null, { code: 'denied' }]) {
      const { app, logged } = failingApp(thrown);
      const { status, json, text } = await send(app, 'GET', '/tasks/a');
      expect([status, json.code, text.includes('secret')]).toEqual([500, 'internal', false]);
      expect(logged).toHaveLength(1);
    }
  });

  it('a handler that throws at once is answered too', async () => {
    const { app } = testApp(fakeKernel());
    expect((await send(app, 'GET', '/metrics')).json).toMatchObject({ code: 'internal' });
  });

  it('only internal errors are logged', async () => {
    const { app, logged } = failingApp(new ExecGoError('unavailable', 'stopping'));
    await send(app, 'GET', '/tasks/a');
    await send(app, 'GET', '/nowhere');
    expect(logged).toEqual([]);
  });
});

describe('routes and methods', () => {
  const { app } = testApp(fakeKernel());

  it.each([
    '/',
    '/nowhere',
    '/tasks/',
    '/tasks/a/',
    '/tasks/a/b',
    '/tasks/a/cancel/x',
    '//tasks',
    '/TASKS',
    '/adapters/tools',
    '/mcp',
    '/events/1',
  ])('%s is 404 for every method', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, json } = await send(app, method, path);
      expect([method, status, json.code]).toEqual([method, 404, 'not_found']);
    }
  });

  it.each([
    ['/tasks', 'GET, HEAD, POST'],
    ['/tasks/a', 'DELETE, GET, HEAD'],
    ['/tasks/a/cancel', 'POST'],
    ['/tasks/a/events', 'GET, HEAD'],
    ['/events', 'GET, HEAD'],
    ['/graphs/g', 'GET, HEAD'],
    ['/graphs/g/cancel', 'POST'],
    ['/mcp/tools', 'GET, HEAD'],
    ['/mcp/call', 'POST'],
    ['/mcp/tasks/h', 'GET, HEAD'],
    ['/skills', 'GET, HEAD'],
    ['/skills/s', 'GET, HEAD'],
    ['/skills/s/files/a/b', 'GET, HEAD'],
    ['/health', 'GET, HEAD'],
    ['/livez', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
  ])('%s: another method is 405 with Allow: %s', async (path, allow) => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].filter((m) => !allow.includes(m));
    for (const method of methods) {
      const { status, headers, json } = await send(app, method, path);
      expect([method, status, headers.get('allow')]).toEqual([method, 405, allow]);
      expect(json.error).toContain(method);
    }
  });

  it('under a prefix they are the same: 404, 405, X-Trace-ID', async () => {
    const host = new Hono().route('/execgo', app);
    for (const [method, path, expected] of [
      ['GET', '/execgo/livez', 200],
      ['GET', '/execgo/nowhere', 404],
      ['PUT', '/execgo/tasks', 405],
      ['GET', '/execgo/tasks?limit=0', 400],
    ] as const) {
      const { status, headers } = await send(host, method, path);
      expect([path, status, headers.get('x-trace-id')]).toEqual([
        path,
        expected,
        expect.stringMatching(/^[0-9a-f]{16}$/),
      ]);
    }
  });

  it('ids are read under a prefix that holds parameters and more segments too', async () => {
    const { kernel } = await startKernel();
    const host = new Hono().route('/t/:tenant/execgo', testApp(kernel).app);
    await send(host, 'POST', '/t/1/execgo/tasks', { body: { tasks: [{ id: 'a/b', type: 'noop' }] } });
    expect((await send(host, 'GET', '/t/1/execgo/tasks/a%2Fb?wait=5000')).json.status).toBe('success');
    expect((await send(host, 'POST', '/t/1/execgo/tasks/a%2Fb/cancel')).status).toBe(409);
  });
});

describe('HEAD answers as GET', () => {
  it('on every GET route: the same status and type, no body', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    const server = await listen(app);
    const { json } = await send(app, 'POST', '/tasks', { body: { tasks: [{ id: 'a', type: 'noop' }] } });
    await send(app, 'GET', '/tasks/a?wait=5000');
    const paths = app.routes.map(({ path }) =>
      path.replace('graphs/:id', `graphs/${json.graph_id}`).replace(':id', 'a'),
    );
    const readable = paths
      .filter((path) => !/cancel|call|\*/.test(path))
      .map((path) => path.replace(/:\w+(\{.*\})?/g, 'none'))
      .concat('/tasks?limit=1', '/tasks/none', '/nowhere');
    for (const path of readable) {
      const get = await fetch(server.url + path);
      const head = await fetch(server.url + path, { method: 'HEAD' });
      expect([path, head.status]).toEqual([path, get.status]);
      expect([path, head.headers.get('content-type')]).toEqual([path, get.headers.get('content-type')]);
      expect([path, await head.text()]).toEqual([path, '']);
      expect(head.headers.get('x-trace-id')).not.toBeNull();
      await get.text();
    }
    expect(readable).toHaveLength(19);
  });
});

describe('X-Trace-ID is on every answer', () => {
  const { app } = testApp(fakeKernel());

  it.each(['a', 'abc-123', '~'.repeat(128), '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'])('the caller’s, %j', async (id) => {
    for (const path of ['/livez', '/nowhere', '/tasks?limit=0']) {
      const { headers, json } = await send(app, 'GET', path, { headers: { 'x-trace-id': id } });
      expect(headers.get('x-trace-id')).toBe(id);
      if (path !== '/livez') expect(json.trace_id).toBe(id);
    }
  });

  it.each(['', '~'.repeat(129), 'two words', 'tab\there', 'ä', 'a, b'])(
    'a fresh one of 16 hex digits where %j was sent',
    async (id) => {
      const { headers } = await send(app, 'GET', '/livez', { headers: { 'x-trace-id': id } });
      expect(headers.get('x-trace-id')).toMatch(/^[0-9a-f]{16}$/);
    },
  );

  it('fresh ones differ, also over many', async () => {
    const ids = new Set<string | null>();
    for (let count = 0; count < 2000; count += 1) {
      ids.add((await send(app, 'GET', '/livez')).headers.get('x-trace-id'));
    }
    expect(ids.size).toBe(2000);
  });

  it('raw bytes, a second header and one in odd case do no harm', async () => {
    const server = await listen(app);
    const fresh = /^[0-9a-f]{16}$/;
    const first = await sendLines(server, 'GET /livez HTTP/1.1', 'Host: localhost', 'x-TRACE-id: a', 'X-Trace-ID: b');
    expect(first.headers.get('x-trace-id')).toMatch(fresh);
    const socket = await openSocket(server);
    socket.end(
      Buffer.from(
        'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Trace-ID: \xff\x80\r\nConnection: close\r\n\r\n',
        'latin1',
      ),
    );
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const odd = await sendLines(server, 'GET /livez HTTP/1.1', 'Host: localhost', 'x-TRACE-id: Odd-Case');
    expect(odd.headers.get('x-trace-id')).toBe('Odd-Case');
  });
});
