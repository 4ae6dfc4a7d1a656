import { connect } from 'node:net';
import { ExecGoError, MemoryOutputStore, type OutputStream } from '@execgo/core';
import { createScheduler } from '@execgo/scheduler';
import {
  type Behaviour,
  FakeClock,
  FakeExecutor,
  fails,
  graphInput,
  hangs,
  succeeds,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { byteRange } from '../src/byte-range.js';
import { fakeKernel } from './support/fake-kernel.js';
import { openStream } from './support/sse-client.js';
import { listen, send, testApp } from './support/test-server.js';

const KIB = 1024;
const asBytes = (text: string | Uint8Array) => (typeof text === 'string' ? new TextEncoder().encode(text) : text);

function writes(
  pieces: readonly (readonly [OutputStream, string | Uint8Array])[],
  then: Behaviour = succeeds(),
): Behaviour {
  return async (attempt) => {
    for (const [stream, piece] of pieces) await attempt.run.output(stream, asBytes(piece));
    return then(attempt);
  };
}

/** A server over a kernel that keeps output, which has run one task, `a`, unless it is still running. */
async function serverWith(behaviours: readonly Behaviour[], { wait = true, clock = new FakeClock() } = {}) {
  const executor = new FakeExecutor().script('a', ...behaviours);
  const kernel = createScheduler({ executors: [executor], outputStore: new MemoryOutputStore() });
  await kernel.start();
  onTestFinished(() => kernel.stop({ graceMs: 0 }));
  const { app, logged } = testApp(kernel, { clock });
  const tasks = graphInput({ a: [] }).tasks.map((task) => ({ ...task, retry: behaviours.length - 1 }));
  await kernel.submit({ tasks });
  if (wait) await kernel.wait('a');
  else await executor.started('a');
  return { kernel, executor, app, logged, clock, server: await listen(app) };
}

describe('GET /tasks/{id}/output', () => {
  it('answers how much was written and, where that is little, the text', async () => {
    const { app } = await serverWith([
      writes([
        ['stdout', 'grüße\n'],
        ['stderr', Uint8Array.of(255, 0)],
      ]),
    ]);
    const { status, json, headers } = await send(app, 'GET', '/tasks/a/output');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(json).toEqual({
      task_id: 'a',
      attempt: 1,
      status: 'success',
      live: false,
      stdout: { bytes: 8, kept: 8, truncated: false, text: 'grüße\n' },
      stderr: { bytes: 2, kept: 2, truncated: false, base64: '/wA=' },
    });
  });

  it('leaves out the text of more than 64 KiB', async () => {
    const { app } = await serverWith([
      writes([
        ['stdout', 'x'.repeat(64 * KIB + 1)],
        ['stderr', 'y'.repeat(64 * KIB)],
      ]),
    ]);
    const { json } = await send(app, 'GET', '/tasks/a/output');
    expect(json.stdout).toEqual({ bytes: 64 * KIB + 1, kept: 64 * KIB + 1, truncated: false });
    expect(json.stderr.text).toHaveLength(64 * KIB);
  });

  it('of a running task shows what there is, whole characters only', async () => {
    const { app } = await serverWith([writes([['stdout', asBytes('né').subarray(0, 2)]], hangs())], { wait: false });
    const { json } = await send(app, 'GET', '/tasks/a/output');
    expect(json).toMatchObject({ live: true, stdout: { bytes: 2, kept: 2, text: 'n' } });
  });

  it('is 404 for an unknown task, in every form', async () => {
    const { app } = await serverWith([succeeds()]);
    for (const [query, accept] of [
      ['', '*/*'],
      ['', 'text/event-stream'],
      ['?stream=stdout', '*/*'],
    ] as const) {
      const { status, json } = await send(app, 'GET', `/tasks/none/output${query}`, { headers: { accept } });
      expect([status, json.error]).toEqual([404, 'task not found: none']);
    }
  });

  it.each([
    ['?stream=stdin', {}, 'stream'],
    ['?stream=', {}, 'stream'],
    ['?stream=stdout&stream=stderr', {}, 'stream'],
    ['?after=7', {}, 'after'],
    ['', { 'last-event-id': 'seven' }, 'Last-Event-ID'],
  ])('%s %o is 400 and names the parameter', async (query, headers, field) => {
    const { app } = await serverWith([succeeds()]);
    const accept = { accept: 'text/event-stream' };
    const { status, json } = await send(app, 'GET', `/tasks/a/output${query}`, { headers: { ...accept, ...headers } });
    expect([status, json.code, json.details.field]).toEqual([400, 'invalid_input', field]);
  });

  it('an id is read as everywhere else', async () => {
    const { app, kernel, executor } = await serverWith([succeeds()]);
    executor.script('a/b', writes([['stdout', 'slash']]));
    await kernel.submit(graphInput({ 'a/b': [] }));
    await kernel.wait('a/b');
    expect((await send(app, 'GET', '/tasks/a%2Fb/output?stream=stdout')).text).toBe('slash');
  });
});

describe('?stream=: the bytes themselves', () => {
  const text = Array.from({ length: 200 * KIB }, (_, at) => String.fromCharCode(97 + (at % 23))).join('');

  it('are plain text where they are UTF-8, else a stream of octets, and never guessed at', async () => {
    const binary = Uint8Array.from({ length: 1000 }, (_, at) => at % 256);
    const { server } = await serverWith([
      writes([
        ['stdout', 'naïve\n'],
        ['stderr', binary],
      ]),
    ]);
    const stdout = await fetch(`${server.url}/tasks/a/output?stream=stdout`);
    expect(Object.fromEntries(stdout.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '7',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'x-output-attempt': '1',
    });
    expect(await stdout.text()).toBe('naïve\n');
    const stderr = await fetch(`${server.url}/tasks/a/output?stream=stderr`);
    expect(stderr.headers.get('content-type')).toBe('application/octet-stream');
    expect(new Uint8Array(await stderr.arrayBuffer())).toEqual(binary);
  });

  it('come whole, in pieces', async () => {
    const { server } = await serverWith([writes([['stdout', text]])]);
    const response = await fetch(`${server.url}/tasks/a/output?stream=stdout`);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(text.length)]);
    expect(await response.text()).toBe(text);
  });

  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=100000-', 100_000, 200 * KIB],
    ['bytes=-70000', 200 * KIB - 70_000, 200 * KIB],
    ['bytes=65530-65545', 65_530, 65_546],
    ['bytes=5-999999999', 5, 200 * KIB],
  ])('Range: %s is 206 with Content-Range', async (range, start, end) => {
    const { server } = await serverWith([writes([['stdout', text]])]);
    const response = await fetch(`${server.url}/tasks/a/output?stream=stdout`, { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${text.length}`);
    expect(response.headers.get('content-length')).toBe(String(end - start));
    expect(await response.text()).toBe(text.slice(start, end));
  });

  it.each(['bytes=6-', 'bytes=6-9', 'bytes=-0'])(
    'Range: %s of six bytes is 416, and tells how many there are',
    async (range) => {
      const { app } = await serverWith([writes([['stdout', 'sixsix']])]);
      const { status, headers, json } = await send(app, 'GET', '/tasks/a/output?stream=stdout', { headers: { range } });
      expect([status, headers.get('content-range'), json.details]).toEqual([
        416,
        'bytes */6',
        { field: 'Range', size: 6 },
      ]);
    },
  );

  it('any range of nothing is 416', async () => {
    const { app } = await serverWith([succeeds()]);
    const answer = await send(app, 'GET', '/tasks/a/output?stream=stderr', { headers: { range: 'bytes=0-' } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */0']);
    expect((await send(app, 'GET', '/tasks/a/output?stream=stderr')).text).toBe('');
  });

  it.each(['bytes=3-1', 'lines=1-2', 'bytes=0-1,3-4', 'bytes=a-b', 'bytes='])('Range: %s is ignored', async (range) => {
    const { app } = await serverWith([writes([['stdout', 'sixsix']])]);
    const answer = await send(app, 'GET', '/tasks/a/output?stream=stdout', { headers: { range } });
    expect([answer.status, answer.text]).toEqual([200, 'sixsix']);
  });

  it('a range begun on the output of another run is answered with the whole of this one', async () => {
    const { app } = await serverWith([writes([['stdout', 'sixsix']])]);
    const etag = (await send(app, 'GET', '/tasks/a/output?stream=stdout')).headers.get('etag') as string;
    const get = (condition: string) =>
      send(app, 'GET', '/tasks/a/output?stream=stdout', { headers: { range: 'bytes=3-', 'if-range': condition } });
    expect(await get(etag)).toMatchObject({ status: 206, text: 'six' });
    expect(await get('"of another run"')).toMatchObject({ status: 200, text: 'sixsix' });
  });

  it('of a running task: what there is now, its length open', async () => {
    const { app } = await serverWith([writes([['stdout', 'so far']], hangs())], { wait: false });
    const answer = await send(app, 'GET', '/tasks/a/output?stream=stdout', { headers: { range: 'bytes=3-' } });
    expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([206, 'far', 'bytes 3-5/*']);
    expect(answer.headers.get('etag')).toBeNull();
  });

  it('HEAD answers as GET, without the bytes', async () => {
    const { server } = await serverWith([writes([['stdout', text]])]);
    const get = await fetch(`${server.url}/tasks/a/output?stream=stdout`, { headers: { range: 'bytes=1-100000' } });
    await get.arrayBuffer();
    const head = await fetch(`${server.url}/tasks/a/output?stream=stdout`, {
      method: 'HEAD',
      headers: { range: 'bytes=1-100000' },
    });
    expect([head.status, await head.text()]).toEqual([206, '']);
    for (const name of ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag']) {
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
    }
  });

  it('are read as fast as the caller takes them, a piece at a time', async () => {
    const size = 64 * KIB * KIB;
    let read = 0;
    const stream = { bytes: size, kept: size, truncated: false };
    const { app } = testApp(
      fakeKernel({
        output: async () => ({
          task_id: 'a',
          run: 'r',
          attempt: 1,
          status: 'success',
          live: false,
          stdout: stream,
          stderr: stream,
        }),
        readOutput: async (_id, _stream, { start = 0, end = 0 } = {}) => {
          read += end - start;
          return new Uint8Array(end - start);
        },
      }),
    );
    const { address } = await listen(app);
    const socket = connect(address.port, address.host);
    onTestFinished(() => void socket.destroy());
    socket.write('GET /tasks/a/output?stream=stdout HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('readable', resolve));
    // Nobody reads on: what was taken from the kernel stays what fits into the buffers in between.
    let before = -1;
    const isStill = () => {
      const still = read === before;
      before = read;
      return still;
    };
    await expect.poll(isStill, { interval: 200 }).toBe(true);
    expect(read).toBeLessThan(size / 4);
  });

  it('the connection breaks off where the output goes while it is sent, and the log says why', async () => {
    const stream = { bytes: 200 * KIB, kept: 200 * KIB, truncated: false };
    const { app, logged } = testApp(
      fakeKernel({
        output: async () => ({
          task_id: 'a',
          run: 'r',
          attempt: 1,
          status: 'success',
          live: false,
          stdout: stream,
          stderr: stream,
        }),
        readOutput: async (_id, _stream, { start = 0, end = 0 } = {}) => {
          if (start > 0) throw new ExecGoError('conflict', 'it has run again');
          return new Uint8Array(end - start);
        },
      }),
    );
    const server = await listen(app);
    const response = await fetch(`${server.url}/tasks/a/output?stream=stdout`);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(logged).toEqual(['the output of a task broke off']);
  });
});

describe('byteRange', () => {
  it('never gives bytes that are not there', () => {
    for (const size of [0, 1, 2, 5]) {
      for (const first of ['', '0', '1', '4', '5', '9']) {
        for (const last of ['', '0', '1', '4', '5', '9']) {
          const range = byteRange(`bytes=${first}-${last}`, size);
          if (typeof range !== 'object') continue;
          expect([0 <= range.start, range.start < range.end, range.end <= size]).toEqual([true, true, true]);
        }
      }
    }
  });
});

describe('server-sent events', () => {
  it('of a finished task: attempt, output, end, and then the stream ends', async () => {
    const { server } = await serverWith([
      writes([
        ['stdout', 'out'],
        ['stderr', 'err'],
      ]),
    ]);
    const stream = await openStream(server, '/tasks/a/output');
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const messages = await stream.rest();
    expect(messages.map(({ event, data }) => [event, data])).toEqual([
      ['attempt', { task_id: 'a', attempt: 1 }],
      ['task_output', { task_id: 'a', attempt: 1, stream: 'stdout', offset: 0, text: 'out' }],
      ['task_output', { task_id: 'a', attempt: 1, stream: 'stderr', offset: 0, text: 'err' }],
      [
        'end',
        {
          task_id: 'a',
          status: 'success',
          attempt: 1,
          stdout: { bytes: 3, kept: 3, truncated: false },
          stderr: { bytes: 3, kept: 3, truncated: false },
        },
      ],
    ]);
  });

  it('of a running task: each piece as it is written, before the task ends', async () => {
    const { server, executor } = await serverWith([writes([['stdout', 'one']], waitsForRelease())], { wait: false });
    const stream = await openStream(server, '/tasks/a/output');
    expect((await stream.take(2)).map(({ event }) => event)).toEqual(['attempt', 'task_output']);
    executor.release('a', { done: true });
    expect((await stream.rest()).map(({ event, data }) => [event, data.status])).toEqual([['end', 'success']]);
  });

  it('a retry begins a new attempt, and offsets begin anew', async () => {
    const { server } = await serverWith([writes([['stdout', 'first']], fails()), writes([['stdout', 'second']])], {
      wait: false,
    });
    const messages = await (await openStream(server, '/tasks/a/output')).rest();
    const told = messages.map(({ event, data }) => [event, data.attempt, data.offset, data.text]);
    expect(told).toEqual([
      ['attempt', 1, undefined, undefined],
      ['task_output', 1, 0, 'first'],
      ['attempt', 2, undefined, undefined],
      ['task_output', 2, 0, 'second'],
      ['end', 2, undefined, undefined],
    ]);
  });

  it('characters are never cut in the middle, and what is no UTF-8 comes as base64', async () => {
    const [euro, smile] = [asBytes('€'), asBytes('😀')];
    const { server, executor } = await serverWith(
      [
        async ({ run, released }) => {
          await run.output('stdout', Uint8Array.of(97, ...euro.subarray(0, 2)));
          await run.output('stderr', smile.subarray(0, 1));
          await released;
          await run.output('stdout', Uint8Array.of(...euro.subarray(2), 98));
          await run.output('stderr', smile.subarray(1));
          await run.output('stderr', Uint8Array.of(0xff, 0xfe));
          await run.output('stdout', euro.subarray(0, 1));
        },
      ],
      { wait: false },
    );
    const stream = await openStream(server, '/tasks/a/output');
    expect((await stream.take(2)).at(-1)?.data).toMatchObject({ stream: 'stdout', offset: 0, text: 'a' });
    executor.release('a');
    const rest = await stream.rest();
    const joined: Record<OutputStream, Uint8Array> = { stdout: asBytes('a'), stderr: new Uint8Array(0) };
    for (const { event, data } of rest) {
      if (event !== 'task_output') continue;
      const name = data.stream as OutputStream;
      expect(data.offset).toBe(joined[name].length);
      if (data.text !== undefined) expect(data.text).not.toContain('\ufffd');
      const more = data.text === undefined ? Buffer.from(data.base64, 'base64') : asBytes(data.text);
      joined[name] = Uint8Array.of(...joined[name], ...more);
    }
    expect(joined.stdout).toEqual(Uint8Array.of(97, ...euro, 98, ...euro.subarray(0, 1)));
    expect(joined.stderr).toEqual(Uint8Array.of(...smile, 0xff, 0xfe));
    expect(rest.some(({ data }) => data.text?.includes('€'))).toBe(true);
  });

  it.each(['last-event-id', 'after'])('%s goes on where the client was, at every message', async (how) => {
    const { server } = await serverWith([
      writes([
        ['stdout', 'x'.repeat(100 * KIB)],
        ['stderr', 'why'],
        ['stdout', '€€'],
      ]),
    ]);
    const all = await (await openStream(server, '/tasks/a/output')).rest();
    const text = (messages: typeof all, stream: OutputStream) =>
      messages.flatMap(({ data }) => (data.stream === stream ? [data.text] : [])).join('');
    for (const [at, { id }] of all.entries()) {
      const path = how === 'after' ? `/tasks/a/output?after=${encodeURIComponent(id as string)}` : '/tasks/a/output';
      const stream = await openStream(server, path, how === 'after' ? {} : { 'last-event-id': id as string });
      const rest = await stream.rest();
      expect(rest.some(({ event }) => event === 'attempt')).toBe(false);
      expect(rest.at(-1)).toEqual(all.at(-1));
      for (const name of ['stdout', 'stderr'] as const) expect(text(rest, name)).toBe(text(all.slice(at + 1), name));
    }
  });

  it('a position in another run begins at the start of this one', async () => {
    const { server } = await serverWith([writes([['stdout', 'whole']])]);
    const stream = await openStream(server, '/tasks/a/output', { 'last-event-id': '4-0-of.another.life' });
    expect((await stream.rest()).map(({ event, data }) => [event, data.text])).toEqual([
      ['attempt', undefined],
      ['task_output', 'whole'],
      ['end', undefined],
    ]);
  });

  it('a comment goes out while nothing is written, and the stream ends with the listener', async () => {
    const { server, clock } = await serverWith([hangs()], { wait: false });
    const stream = await openStream(server, '/tasks/a/output');
    await stream.take(1);
    await clock.advance(15_000);
    await expect.poll(() => stream.received).toContain(': heartbeat\n\n');
    await server.close();
    expect(await stream.rest()).toEqual([]);
  });

  it('HEAD opens no stream', async () => {
    const { server } = await serverWith([hangs()], { wait: false });
    const head = await fetch(`${server.url}/tasks/a/output`, {
      method: 'HEAD',
      headers: { accept: 'text/event-stream' },
    });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'text/event-stream', '']);
  });
});
