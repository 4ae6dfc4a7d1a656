import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, finished, get, post, send } from './support/http-client.js';
import { launchReady, type ServerProcess, testFolder } from './support/server-process.js';

/** One server takes all of it; whatever it was sent, it must be there and empty afterwards. */
let server: ServerProcess & { readonly url: string };
const cleanups: (() => void | Promise<void>)[] = [];
const NO_HOST = '';
const JSON_TYPE = { 'Content-Type': 'application/json' };

beforeAll(async () => {
  const atEnd = (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup);
  server = await launchReady({ folder: testFolder(atEnd), atEnd });
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});
afterEach(async () => {
  expect((await get<unknown[]>(`${server.url}/tasks`)).body).toEqual([]);
});

/** Sends a body that JSON.stringify would not make. */
function submit(body: string): Promise<Answer> {
  return send(server.url, { path: '/tasks', headers: JSON_TYPE, body });
}

function submitTask(fields: string): Promise<Answer> {
  return submit(`{"tasks":[{"id":"fine","type":"noop"},{${fields}}]}`);
}

function tasksPath(id: string, rest = ''): string {
  return `/tasks/${encodeURIComponent(id).replaceAll('.', '%2E')}${rest}`;
}

describe('an odd id is an ordinary string', () => {
  const ids = [
    ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'undefined', 'null', 'NaN', '0'],
    ...[
      'a/b',
      '/',
      '//',
      '../../etc/passwd',
      './a',
      '%2F',
      '%',
      '%zz',
      'a?b=c',
      '#fragment',
      ';a=b',
      '&',
      '+',
      ' ',
      ' a ',
    ],
    ...['"', "'; DROP TABLE tasks; --", '<script>alert(1)</script>', '$(id)', '`id`', '-rf', '\\', '{}', '[0]', 'CON'],
    ...[
      'ü',
      'u\u0308',
      '日本語',
      '🙂',
      '👩‍👩‍👧',
      '\u202Eabc',
      '\u200B',
      '\u2028',
      '\uFEFF',
      '\uFFFF',
      'x'.repeat(256),
      '🙂'.repeat(256),
    ],
  ];

  it.each(ids)('%j', async (id) => {
    expect(await post(`${server.url}/tasks`, { tasks: [{ id, type: 'noop' }] })).toMatchObject({
      status: 202,
      body: { task_ids: [id] },
    });
    expect(await finished(server.url, id)).toMatchObject({ id, status: 'success' });
    expect(await send(server.url, { method: 'DELETE', path: tasksPath(id) })).toMatchObject({ status: 204 });
  });
});

describe('an id that cannot be is refused, and the field is named', () => {
  it.each([
    ['""', 'task id is required'],
    ['null', 'task id is required'],
    [JSON.stringify('x'.repeat(257)), 'id'],
    [JSON.stringify('🙂'.repeat(257)), 'id'],
    ['"a\\u0000b"', 'id'],
    ['"a\\nb"', 'id'],
    ['"\\t"', 'id'],
    ['"\\u001b[31m"', 'id'],
    ['"\\u007f"', 'id'],
    ['"\\u0085"', 'id'],
    ['"\\ud800"', 'id'],
    ['"\\udc00\\ud800"', 'id'],
    ['5', 'tasks[1].id'],
    ['0', 'tasks[1].id'],
    ['1e400', 'tasks[1].id'],
    ['true', 'tasks[1].id'],
    ['[]', 'tasks[1].id'],
    ['["a"]', 'tasks[1].id'],
    ['{}', 'tasks[1].id'],
    ['{"toString":"a"}', 'tasks[1].id'],
  ])('%s', async (id, field) => {
    const { status, body } = await submitTask(`"id":${id},"type":"noop"`);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_input' });
    expect(body.error).toContain(field);
  });
});

describe('a wrong type is 400, begins "invalid JSON: " and names the path', () => {
  it.each([
    ['"id":"a","type":5', 'tasks[1].type'],
    ['"id":"a","type":{}', 'tasks[1].type'],
    ['"id":"a","type":"os","tool_name":[]', 'tasks[1].tool_name'],
    ['"id":"a","type":"noop","execution_category":1', 'tasks[1].execution_category'],
    ['"id":"a","type":"noop","depends_on":"fine"', 'tasks[1].depends_on'],
    ['"id":"a","type":"noop","depends_on":{"0":"fine"}', 'tasks[1].depends_on'],
    ['"id":"a","type":"noop","depends_on":[5]', 'tasks[1].depends_on[0]'],
    ['"id":"a","type":"noop","depends_on":["fine",null]', 'tasks[1].depends_on[1]'],
    ['"id":"a","type":"noop","retry":"3"', 'tasks[1].retry'],
    ['"id":"a","type":"noop","retry":1.5', 'tasks[1].retry'],
    ['"id":"a","type":"noop","retry":1001', 'tasks[1].retry'],
    ['"id":"a","type":"noop","retry":1e400', 'tasks[1].retry'],
    ['"id":"a","type":"noop","timeout":"1s"', 'tasks[1].timeout'],
    ['"id":"a","type":"noop","timeout":1e17', 'tasks[1].timeout'],
    ['"id":"a","type":"noop","annotations":[]', 'tasks[1].annotations'],
    ['"id":"a","type":"noop","annotations":{"k":1}', 'tasks[1].annotations'],
    ['"id":"a","type":"noop","annotations":"k=v"', 'tasks[1].annotations'],
    ['"id":"a","type":"noop","priority":101', 'tasks[1].priority'],
    ['"id":"a","type":"noop","priority":"high"', 'tasks[1].priority'],
    ['"id":"a","type":"noop","on_interrupt":"maybe"', 'tasks[1].on_interrupt'],
    ['"id":"a","type":"noop","dependson":["fine"]', 'tasks[1].dependson'],
    ['"id":"a","type":"noop","time_out":5', 'tasks[1].time_out'],
  ])('%s', async (fields, path) => {
    const { status, body } = await submitTask(fields);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_input' });
    expect(body.error).toMatch(/^invalid JSON: /);
    expect(body.error).toContain(path);
  });

  it.each([
    ['{"tasks":{}}', 'tasks'],
    ['{"tasks":"x"}', 'tasks'],
    ['{"tasks":5}', 'tasks'],
    ['{"tasks":[null]}', 'tasks[0]'],
    ['{"tasks":["a"]}', 'tasks[0]'],
    ['{"tasks":[[]]}', 'tasks[0]'],
    ['{"task":[]}', 'task'],
    ['[]', 'object'],
    ['"tasks"', 'object'],
    ['null', 'object'],
    ['5', 'object'],
    ['', 'empty'],
    ['{"tasks":[', 'JSON'],
    ['{tasks:[]}', 'JSON'],
    ["{'tasks':[]}", 'JSON'],
    ['{"tasks":[]}}', 'JSON'],
    ['{"tasks":[{"id":"a","type":"noop","retry":NaN}]}', 'JSON'],
    ['\u0000', 'JSON'],
  ])('the body %j', async (body, named) => {
    const answer = await submit(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(answer.body.error).toMatch(/^invalid JSON: /);
    expect(answer.body.error).toContain(named);
  });

  it('a body that is not UTF-8', async () => {
    const body = Buffer.from('{"tasks":[{"id":"\xff","type":"noop"}]}', 'latin1');
    const answer = await send(server.url, { path: '/tasks', headers: JSON_TYPE, body });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid JSON: the body is not valid UTF-8' } });
  });
});

describe('a content type that is not JSON is 415', () => {
  const body = '{"tasks":[{"id":"a","type":"noop"}]}';

  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/html',
    'text/json',
    'application/xml',
    'application/jsonx',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/ld+json',
    'application/octet-stream',
    'image/png',
    '*/*',
    'json',
  ])('%s', async (type) => {
    const answer = await send(server.url, { path: '/tasks', headers: { 'Content-Type': type }, body });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(answer.body.error).toContain('application/json');
  });

  it.each(['gzip', 'br', 'deflate'])('Content-Encoding: %s', async (encoding) => {
    const answer = await send(server.url, {
      path: '/tasks',
      headers: { ...JSON_TYPE, 'Content-Encoding': encoding },
      body,
    });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });
});

describe('nesting', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const nestedObjects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  it.each(['params', 'input'])('64 levels of %s are taken', async (field) => {
    expect(await submit(`{"tasks":[{"id":"deep","type":"noop","${field}":${nestedObjects(64)}}]}`)).toMatchObject({
      status: 202,
    });
    expect(await finished(server.url, 'deep')).toMatchObject({ status: 'success', [field]: { a: expect.anything() } });
    await send(server.url, { method: 'DELETE', path: '/tasks/deep' });
  });

  it.each([65, 10_000, 200_000])('%i levels are refused, naming the field', async (levels) => {
    for (const value of [nested(levels), nestedObjects(levels)]) {
      for (const field of ['params', 'input']) {
        const { status, body } = await submitTask(`"id":"a","type":"noop","${field}":${value}`);
        expect({ status, error: body.error }).toMatchObject({
          status: 400,
          error: expect.stringContaining(`tasks[1].${field}`),
        });
      }
      for (const field of ['id', 'type', 'depends_on', 'annotations', 'retry']) {
        const { status, body } = await submitTask(`"id":"a","type":"noop","${field}":${value}`);
        expect({ status, error: body.error }).toMatchObject({ status: 400, error: expect.stringContaining(field) });
      }
      expect(await submit(`{"tasks":${value}}`)).toMatchObject({ status: 400 });
      expect(await submit(value)).toMatchObject({ status: 400 });
    }
  });
});

describe('too large', () => {
  const large = `{"tasks":[{"id":"a","type":"noop","input":{"message":"${'x'.repeat(9 * 1024 * 1024)}"}}]}`;

  it.each([false, true])('a body over the limit is 413 and names it (in chunks: %s)', async (chunked) => {
    const answer = await send(server.url, { path: '/tasks', headers: JSON_TYPE, body: large, chunked }).catch(
      // The server may close the connection before all of it was sent.
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (typeof answer === 'string') expect(['EPIPE', 'ECONNRESET']).toContain(answer);
    else
      expect(answer).toMatchObject({ status: 413, body: { code: 'too_large', details: { limit: 8 * 1024 * 1024 } } });
  });

  it('100,000 tasks in one graph are 413 and the field is named', async () => {
    const tasks = Array.from({ length: 100_000 }, (_, at) => ({ id: `t${at}`, type: 'noop' }));
    expect(await post(`${server.url}/tasks`, { tasks })).toMatchObject({
      status: 413,
      body: { error: 'tasks: 100000 tasks in one graph, the limit is 10000', code: 'too_large' },
    });
  });
});

describe('__proto__', () => {
  it('as a dependency that is not there is the error of every unknown task', async () => {
    for (const id of ['__proto__', 'constructor', 'hasOwnProperty']) {
      expect(await submitTask(`"id":"a","type":"noop","depends_on":["${id}"]`)).toMatchObject({
        status: 400,
        body: { error: `task "a" depends on unknown task "${id}"` },
      });
    }
  });

  it('as a type is the error of every unknown type', async () => {
    for (const type of ['__proto__', 'constructor', 'toString']) {
      const { status, body } = await submitTask(`"id":"a","type":"${type}"`);
      expect({ status, error: body.error }).toMatchObject({
        status: 400,
        error: expect.stringContaining(`unknown task type: ${type} (available: `),
      });
    }
  });

  it('as a tool is the error of every unknown tool', async () => {
    for (const tool of ['__proto__', 'constructor']) {
      const { status } = await submitTask(`"id":"a","type":"os","tool_name":"${tool}"`);
      expect([400, 404]).toContain(status);
    }
  });

  it('as a field of a task or of the body changes nothing but a warning', async () => {
    const { status, body } = await submit(
      '{"__proto__":{"tasks":[1]},"tasks":[{"id":"a","type":"noop","__proto__":{"retry":7,"timeout":9,"priority":5}}]}',
    );
    expect(status).toBe(202);
    expect(JSON.stringify(body.warnings)).toContain('__proto__');
    const task = await finished(server.url, 'a');
    expect([task.retry, task.timeout, task.priority]).toEqual([undefined, undefined, undefined]);
    await send(server.url, { method: 'DELETE', path: '/tasks/a' });
  });

  it('as id, dependency, key of the input and of annotations is carried as it is', async () => {
    const proto = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"message":"m"}';
    const { status } = await submit(
      `{"tasks":[{"id":"__proto__","type":"noop","input":${proto},"annotations":{"__proto__":"v","constructor":"w"}},` +
        '{"id":"constructor","type":"noop","depends_on":["__proto__"]}]}',
    );
    expect(status).toBe(202);
    expect(await finished(server.url, 'constructor')).toMatchObject({ status: 'success', depends_on: ['__proto__'] });
    const task = await finished(server.url, '__proto__');
    expect(JSON.stringify(task.input)).toBe(proto);
    expect(JSON.stringify(task.annotations)).toBe('{"__proto__":"v","constructor":"w"}');
    const listed = await get<unknown[]>(`${server.url}/tasks?annotation.__proto__=v`);
    expect(listed.body).toHaveLength(1);
    for (const id of ['__proto__', 'constructor']) await send(server.url, { method: 'DELETE', path: tasksPath(id) });
  });
});

describe('who may call without a token', () => {
  const body = '{"tasks":[{"id":"a","type":"noop"}]}';

  it.each([
    'evil.test',
    'evil.test:8080',
    '127.0.0.1.evil.test',
    'localhost.evil.test',
    '192.168.1.1',
    '0.0.0.0',
    '[::2]',
    NO_HOST,
  ])('Host %j is refused', async (host) => {
    for (const [method, path] of [
      ['POST', '/tasks'],
      ['GET', '/tasks'],
      ['GET', '/nowhere'],
    ] as const) {
      const answer = await send(server.url, { method, path, headers: { ...JSON_TYPE, Host: host }, body });
      expect(answer).toMatchObject({ status: 403, body: { code: 'denied' } });
      expect(answer.body.error).toContain('Host');
    }
  });

  it.each(['http://evil.test', 'https://evil.test', 'null', 'http://localhost', 'http://127.0.0.1:8080', 'file://'])(
    'Origin %s is refused',
    async (origin) => {
      for (const [method, path] of [
        ['POST', '/tasks'],
        ['GET', '/tasks'],
        ['OPTIONS', '/tasks'],
      ] as const) {
        const answer = await send(server.url, { method, path, headers: { ...JSON_TYPE, Origin: origin }, body });
        expect(answer).toMatchObject({ status: 403, body: { code: 'denied' } });
        expect(answer.body.error).toContain('Origin');
      }
    },
  );
});

it('of two submissions of one id at the same time exactly one is taken, the other is 409 and names it', async () => {
  for (let round = 0; round < 20; round += 1) {
    const tasks = [{ id: 'racing', type: 'sleep', input: { duration_ms: 600_000 } }];
    const answers = await Promise.all([post(`${server.url}/tasks`, { tasks }), post(`${server.url}/tasks`, { tasks })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error).toContain('"racing"');
    expect(await send(server.url, { method: 'DELETE', path: '/tasks/racing' })).toMatchObject({ status: 204 });
  }
});

it('a finished task that an unfinished one depends on can be neither replaced nor deleted: 409 names the dependent', async () => {
  await post(`${server.url}/tasks`, { tasks: [{ id: 'base', type: 'noop' }] });
  await finished(server.url, 'base');
  const dependent = { id: 'dependent', type: 'sleep', input: { duration_ms: 60_000 }, depends_on: ['base'] };
  expect(await post(`${server.url}/tasks`, { tasks: [dependent] })).toMatchObject({ status: 202 });

  const replaced = await post(`${server.url}/tasks`, { tasks: [{ id: 'base', type: 'noop' }] });
  const deleted = await send(server.url, { method: 'DELETE', path: '/tasks/base' });
  for (const { status, body } of [replaced, deleted]) {
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'conflict' });
    expect(body.error).toContain('"dependent"');
  }
  expect(await send(server.url, { method: 'DELETE', path: '/tasks/dependent' })).toMatchObject({ status: 204 });
  expect(await send(server.url, { method: 'DELETE', path: '/tasks/base' })).toMatchObject({ status: 204 });
});

it('none of it made the server answer 5xx, complain or end', async () => {
  expect(await get(`${server.url}/health`)).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(server.lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
});
