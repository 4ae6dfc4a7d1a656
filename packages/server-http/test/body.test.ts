import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { openSocket, readToEnd, sendRaw } from './support/raw-http.js';
import { listen, readAnswer, send, startKernel, testApp } from './support/test-server.js';

const receipt = { accepted: 0, task_ids: [], graph_id: 'g', warnings: [] };

/** An app whose kernel takes any graph, and the graphs that it was given. */
function takingApp(maxBodyBytes?: number) {
  const graphs: unknown[] = [];
  const submit = async (graph: unknown) => {
    graphs.push(graph);
    return receipt;
  };
  const limits = maxBodyBytes === undefined ? {} : { maxBodyBytes };
  return { ...testApp(fakeKernel({ submit }), { limits }), graphs };
}

describe('content type: application/json, or none given with a body that parses', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ; charset=utf-8 ; x=y',
    ' application/json',
  ])('%s is taken', async (type) => {
    const { app, graphs } = takingApp();
    const { status } = await send(app, 'POST', '/tasks', { body: '{"tasks":[]}', headers: { 'content-type': type } });
    expect([status, graphs]).toEqual([202, [{ tasks: [] }]]);
  });

  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json-patch+json',
    'application/vnd.api+json',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json charset=utf-8',
    'application/javascript',
    '*/*',
    'json',
  ])('%s is 415', async (type) => {
    const { app, graphs } = takingApp();
    for (const path of ['/tasks', '/tasks/a/cancel', '/graphs/g/cancel', '/mcp/call']) {
      const { status, json } = await send(app, 'POST', path, {
        body: '{"tasks":[]}',
        headers: { 'content-type': type },
      });
      expect([path, status, json.code]).toEqual([path, 415, 'unsupported_media_type']);
      expect(json.error).toContain('application/json');
    }
    expect(graphs).toEqual([]);
  });

  it('none given: a body that parses is taken, one that does not is 415', async () => {
    const { app, graphs } = takingApp();
    const server = await listen(app);
    const post = (body: string) =>
      sendRaw(
        server,
        `POST /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    expect((await post('{"tasks":[]}')).status).toBe(202);
    expect((await post('tasks=1')).status).toBe(415);
    expect(graphs).toEqual([{ tasks: [] }]);
  });

  it('an encoded body is 415', async () => {
    const { app } = takingApp();
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      const { status, json } = await send(app, 'POST', '/tasks', {
        body: '{}',
        headers: { 'content-encoding': encoding },
      });
      expect([status, json.error]).toEqual([415, expect.stringContaining('Content-Encoding')]);
    }
    expect(
      (await send(app, 'POST', '/tasks', { body: '{}', headers: { 'content-encoding': 'identity' } })).status,
    ).toBe(202);
  });
});

describe('malformed JSON: `invalid JSON: …`', () => {
  it.each(['', ' ', '{', '{"tasks":[}', '{"tasks":[]}x', "{'tasks':[]}", 'undefined', 'NaN', '{"a":01}', '\u0000'])(
    '%j is 400',
    async (body) => {
      const { app, graphs } = takingApp();
      const { status, json } = await send(app, 'POST', '/tasks', { body });
      expect([status, json.code, graphs]).toEqual([400, 'invalid_input', []]);
      expect(json.error).toMatch(/^invalid JSON: /);
    },
  );

  it.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xf0, 0x9f, 0x8d]],
    ['UTF-16', [...Buffer.from('{}', 'utf16le')]],
    ['latin-1', [0xe4]],
  ])('what is not UTF-8 (%s) is 400, not replaced', async (_name, bytes) => {
    const { app, graphs } = takingApp();
    const body = Buffer.concat([Buffer.from('{"tasks":["'), Buffer.from(bytes), Buffer.from('"]}')]);
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    const { status, json } = await readAnswer(await app.request('/tasks', { method: 'POST', body, headers }));
    expect([status, graphs]).toEqual([400, []]);
    expect(json.error).toMatch(/^invalid JSON: /);
  });

  it('a body of any other form is a 4xx that says what is wrong, and never a 5xx', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    await fc.assert(
      fc.asyncProperty(
        fc.json(),
        fc.constantFrom('/tasks', '/tasks/a/cancel', '/graphs/g/cancel', '/mcp/call'),
        async (body, path) => {
          const { status, json } = await send(app, 'POST', path, { body });
          expect([400, 404]).toContain(status);
          expect(json.error).not.toBe('');
        },
      ),
      { numRuns: 1000 },
    );
    expect((await send(app, 'GET', '/tasks')).text).toBe('[]');
  });
});

describe('depth: a body may be nested as deep as it likes, and is refused without a crash', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const places: readonly [string, (value: string) => string][] = [
    ['input', (value) => `{"tasks":[{"id":"a","type":"noop","input":${value}}]}`],
    ['params', (value) => `{"tasks":[{"id":"a","type":"noop","params":{"x":${value}}}]}`],
    ['depends_on', (value) => `{"tasks":[{"id":"a","type":"noop","depends_on":${value}}]}`],
    ['annotations', (value) => `{"tasks":[{"id":"a","type":"noop","annotations":{"x":${value}}}]}`],
    ['tasks', (value) => `{"tasks":${value}}`],
    ['the body', (value) => value],
    [
      'objects in input',
      (value) =>
        `{"tasks":[{"id":"a","type":"noop","input":${value.replaceAll('[', '{"a":').replaceAll('{"a":]', '{"a":1]').replaceAll(']', '}')}}]}`,
    ],
  ];

  it.each(places)('65, 10k and 200k levels in %s', async (_name, body) => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    for (const depth of [65, 10_000, 200_000]) {
      const { status, json } = await send(app, 'POST', '/tasks', { body: body(nested(depth)) });
      expect([depth, status, json.code]).toEqual([depth, 400, 'invalid_input']);
    }
    expect((await send(app, 'GET', '/tasks')).text).toBe('[]');
  });

  it('also in a field that is ignored, which does no harm', async () => {
    const { kernel } = await startKernel();
    const { app } = testApp(kernel);
    const body = `{"tasks":[{"id":"a","type":"noop","colour":${nested(200_000)}}]}`;
    expect((await send(app, 'POST', '/tasks', { body })).status).toBe(202);
    expect((await send(app, 'POST', '/tasks/none/cancel', { body: `{"reason":${nested(200_000)}}` })).status).toBe(400);
  });
});

describe('the body limit: 413 naming it', () => {
  const body = JSON.stringify({ tasks: [], pad: 'x'.repeat(1000) });
  const expected = {
    code: 'too_large',
    details: { limit: 1000 },
    error: 'the body is larger than the limit of 1000 bytes',
  };

  it('by Content-Length, before anything is read', async () => {
    const { app, graphs } = takingApp(1000);
    const server = await listen(app);
    const answer = await sendRaw(
      server,
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n',
    );
    expect([answer.status, JSON.parse(answer.body)]).toEqual([413, expect.objectContaining(expected)]);
    expect(graphs).toEqual([]);
  });

  it('by counting what comes in chunks', async () => {
    const { app, graphs } = takingApp(1000);
    const server = await listen(app);
    const socket = await openSocket(server);
    socket.write(
      'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let sent = 0; sent < 3; sent += 1) socket.write(`190\r\n${' '.repeat(0x190)}\r\n`);
    const { status, text } = await readToEnd(socket);
    expect([status, text.includes('"limit":1000')]).toEqual([413, true]);
    expect(graphs).toEqual([]);
  });

  it('at the limit it is taken, in one piece and in chunks', async () => {
    const { app, graphs } = takingApp(body.length);
    const server = await listen(app);
    const post = (init: RequestInit) =>
      fetch(`${server.url}/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, ...init });
    expect((await post({ body })).status).toBe(202);
    const chunks = new Blob([body.slice(0, 500), body.slice(500)]).stream();
    expect((await post({ body: chunks, duplex: 'half' } as RequestInit)).status).toBe(202);
    expect(graphs).toEqual([JSON.parse(body), JSON.parse(body)]);
  });

  it('one byte above it is refused, in one piece and in chunks; the connection serves the next request', async () => {
    const { app } = takingApp(body.length - 1);
    const server = await listen(app);
    for (const init of [{ body }, { body: new Blob([body]).stream(), duplex: 'half' }]) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/tasks`, { method: 'POST', headers, ...init } as RequestInit);
      expect(response.status).toBe(413);
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    }
  });

  it('is 8 MiB by default', async () => {
    const { app } = takingApp();
    const headers = { 'content-type': 'application/json', host: 'localhost' };
    for (const [bytes, expectedStatus] of [
      [8 * 1024 * 1024, 202],
      [8 * 1024 * 1024 + 1, 413],
    ] as const) {
      const text = `"${'x'.repeat(bytes - 2)}"`;
      const response = await app.request('/tasks', {
        method: 'POST',
        body: text,
        headers: { ...headers, 'content-length': String(bytes) },
      });
      expect(response.status).toBe(expectedStatus);
      expect((await app.request('/tasks', { method: 'POST', body: text, headers })).status).toBe(expectedStatus);
    }
  });
});

it('a client that goes away in the middle of its body does no harm', async () => {
  const { app, graphs, logged } = takingApp();
  const server = await listen(app);
  for (const head of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
    const socket = await openSocket(server);
    socket.write(
      `POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n1\r\n{\r\n`,
    );
    socket.resetAndDestroy();
  }
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  await server.close();
  expect([graphs, logged]).toEqual([[], []]);
});
