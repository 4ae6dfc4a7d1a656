import { ExecGoError, type KernelStats, type LiveReport, type TaskEvent, type WatchOptions } from '@execgo/core';
import {
  deferred,
  EventSequence,
  FakeClock,
  FakeExecutor,
  graphInput,
  reports,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { eventStream } from '../src/event-stream.js';
import { fakeKernel } from './support/fake-kernel.js';
import { openStream } from './support/sse-client.js';
import { listen, send, startKernel, testApp } from './support/test-server.js';

const seqs = (events: readonly { seq?: number }[]) => events.map(({ seq }) => seq);

async function realServer(executor = new FakeExecutor()) {
  const { kernel } = await startKernel({ executor });
  const { app, logged } = testApp(kernel);
  return { app, logged, kernel, executor, server: await listen(app) };
}

it('a stream that its reader leaves ends its source, also one that waits to be read', async () => {
  let isOver = false;
  async function* source() {
    try {
      for (;;) yield 'data: x\n\n';
    } finally {
      isOver = true;
    }
  }
  const events = source();
  const clock = new FakeClock();
  const options = { clock, heartbeatMs: 1000, eventsPerTurn: 10, onEnd: () => {}, onBroken: () => {} };
  const reader = eventStream(events, events.next(), { ...options, message: (text) => text }).getReader();
  await reader.read();
  await reader.cancel();
  await expect.poll(() => isOver).toBe(true);
});

/** Of a kernel whose newest event has this seq. */
const stats = () => ({ lastSeq: 40 }) as KernelStats;

describe('GET /events and /tasks/{id}/events: a JSON array', () => {
  it('holds every kept event, in order, from 1 and without a gap', async () => {
    const { app } = await realServer();
    expect((await send(app, 'GET', '/events')).text).toBe('[]');
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [], b: ['a'] }) });
    await send(app, 'GET', '/tasks/b?wait=5000');
    const { json, headers } = await send(app, 'GET', '/events');
    expect(headers.get('content-type')).toBe('application/json');
    expect(seqs(json)).toEqual(json.map((_event: unknown, at: number) => at + 1));
    expect(json[0]).toMatchObject({ seq: 1, type: 'graph_submitted', timestamp: expect.stringMatching(/Z$/) });
    expect(json.at(-1)).toMatchObject({ type: 'task_succeeded', task_id: 'b' });
    const ofA = await send(app, 'GET', '/tasks/a/events');
    expect(ofA.json.map(({ type }: TaskEvent) => type)).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
  });

  it('begins after ?after=, and ends at ?limit=', async () => {
    const { app } = await realServer();
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [], b: ['a'] }) });
    await send(app, 'GET', '/tasks/b?wait=5000');
    const all = seqs((await send(app, 'GET', '/events')).json);
    expect(seqs((await send(app, 'GET', '/events?after=3')).json)).toEqual(all.slice(3));
    expect(seqs((await send(app, 'GET', '/events?after=3&limit=2')).json)).toEqual([4, 5]);
    const headers = { 'last-event-id': '4' };
    expect(seqs((await send(app, 'GET', '/events?after=1', { headers })).json)).toEqual(all.slice(4));
    expect((await send(app, 'GET', '/events?after=9999')).text).toBe('[]');
  });

  it('streams many events in batches', async () => {
    const sequence = new EventSequence();
    const kept = Array.from({ length: 1001 }, (_, at) => sequence.submitted(`t${at}`));
    const events = async function* () {
      yield* kept;
    };
    const { app } = testApp(fakeKernel({ events }), { limits: { streamBatchItems: 10 } });
    expect(seqs((await send(app, 'GET', '/events')).json)).toEqual(seqs(kept));
  });

  it('of a task that was never there is 404', async () => {
    const { app } = await realServer();
    const { status, json } = await send(app, 'GET', '/tasks/none/events');
    expect([status, json.error]).toEqual([404, 'task not found: none']);
  });

  it('of a deleted task is its history', async () => {
    const { app } = await realServer();
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await send(app, 'GET', '/tasks/a?wait=5000');
    await send(app, 'DELETE', '/tasks/a');
    const { json } = await send(app, 'GET', '/tasks/a/events');
    expect(json.at(-1).type).toBe('task_deleted');
  });

  it.each([
    ['/events?after=-1', {}, 'after'],
    ['/events?after=x', {}, 'after'],
    ['/events?after=1&after=2', {}, 'after'],
    ['/events?limit=0', {}, 'limit'],
    ['/tasks/a/events?limit=9999', {}, 'limit'],
    ['/events', { 'last-event-id': 'abc' }, 'Last-Event-ID'],
    ['/events', { 'last-event-id': '-1' }, 'Last-Event-ID'],
    ['/events', { 'last-event-id': '1, 2' }, 'Last-Event-ID'],
    ['/events', { 'last-event-id': '9'.repeat(30), accept: 'text/event-stream' }, 'Last-Event-ID'],
  ])('%s %j is 400 and names %s', async (path, headers, name) => {
    const { app } = await realServer();
    const { status, json } = await send(app, 'GET', path, { headers: headers as Record<string, string> });
    expect([status, json.details]).toEqual([400, { field: name }]);
  });

  it.each([
    ['JSON', 'application/json'],
    ['SSE', 'text/event-stream'],
  ])('resuming from an older seq than is kept answers 410 with the oldest one (%s)', async (_name, accept) => {
    // biome-ignore lint/correctness/useYield: it fails at its first step, as the port says.
    const events = async function* (): AsyncGenerator<TaskEvent> {
      throw new ExecGoError('gone', 'events up to 41 are no longer kept', { details: { oldest_seq: 42 } });
    };
    const { app, logged } = testApp(fakeKernel({ events }));
    const { status, json } = await send(app, 'GET', '/events?after=3', { headers: { accept } });
    expect([status, json.code, json.details]).toEqual([410, 'gone', { oldest_seq: 42 }]);
    expect(logged).toEqual([]);
  });
});

describe('the form is chosen by Accept', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json, text/event-stream', 'application/json'],
    ['text/event-stream;q=0.5, application/json', 'application/json'],
    ['text/html', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['text/event-stream, */*;q=0.1', 'text/event-stream'],
    ['TEXT/Event-Stream', 'text/event-stream'],
    ['text/*, application/json;q=0.2', 'text/event-stream'],
  ])('%s: %s', async (accept, expected) => {
    const { server } = await realServer();
    const response = await fetch(`${server.url}/events`, { headers: accept === undefined ? {} : { accept } });
    expect(response.headers.get('content-type')).toBe(expected);
    await response.body?.cancel();
  });
});

describe('GET /events as text/event-stream', () => {
  it('id = seq, event = type, data = the event; from now on, and nothing that happens after the answer is missed', async () => {
    const { app, server } = await realServer();
    await send(app, 'POST', '/tasks', { body: graphInput({ old: [] }) });
    await send(app, 'GET', '/tasks/old?wait=5000');
    const before = (await send(app, 'GET', '/events')).json.length;
    const stream = await openStream(server, '/events');
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    const seen = await stream.until(({ event }) => event === 'task_succeeded');
    expect(seen.map(({ id }) => id)).toEqual(seen.map((_message, at) => String(before + at + 1)));
    expect(seen.map(({ event }) => event)).toEqual([
      'graph_submitted',
      'task_submitted',
      'task_started',
      'task_succeeded',
    ]);
    const kept = (await send(app, 'GET', `/events?after=${before}`)).json;
    expect(seen.map(({ data }) => data)).toEqual(kept);
    expect(stream.headers.get('cache-control')).toBe('no-store');
  });

  it('resumes by Last-Event-ID without gap or repeat, however often the client comes back', async () => {
    const { app, server } = await realServer();
    const rounds = 20;
    const seen: (number | undefined)[] = [];
    let lastId = '0';
    for (let round = 0; round < rounds; round += 1) {
      const stream = await openStream(server, '/events', { 'last-event-id': lastId });
      await send(app, 'POST', '/tasks', { body: graphInput({ [`r${round}`]: [] }) });
      const messages = await stream.take(1 + ((round * 7) % 5));
      seen.push(...seqs(messages.map(({ data }) => data)));
      lastId = messages.at(-1)?.id ?? lastId;
      await stream.close();
    }
    await send(app, 'GET', `/tasks/r${rounds - 1}?wait=5000`);
    const rest = (await send(app, 'GET', `/events?after=${lastId}`)).json;
    const all = [...seen, ...seqs(rest)];
    expect(all).toEqual(all.map((_seq, at) => at + 1));
    expect(all.length).toBeGreaterThanOrEqual(rounds * 4);
  });

  it('live reports belong to the stream, without seq and id, and are not replayed', async () => {
    const executor = new FakeExecutor().script('a', reports(['half way'], waitsForRelease()));
    const { app, server, kernel } = await realServer(executor);
    const stream = await openStream(server, '/events');
    await kernel.submit(graphInput({ a: [] }));
    const seen = await stream.until(({ event }) => event === 'task_progressed');
    const report = seen.at(-1);
    expect(report?.id).toBeUndefined();
    expect(report?.data).toMatchObject({ type: 'task_progressed', task_id: 'a', message: 'half way' });
    expect(report?.data).not.toHaveProperty('seq');
    executor.release('a');
    await stream.until(({ event }) => event === 'task_succeeded');
    const replayed = await openStream(server, '/events?after=0');
    const events = await replayed.until(({ event }) => event === 'task_succeeded');
    expect(events.map(({ event }) => event)).not.toContain('task_progressed');
    expect((await send(app, 'GET', '/events')).json.map(({ type }: TaskEvent) => type)).not.toContain(
      'task_progressed',
    );
  });

  it('a task that prints line breaks cannot forge a message', async () => {
    const executor = new FakeExecutor().script(
      'a',
      reports(['x\n\nid: 99\nevent: fake\ndata: {}\r\n\r\n'], waitsForRelease()),
    );
    const { server, kernel } = await realServer(executor);
    const stream = await openStream(server, '/events');
    await kernel.submit(graphInput({ a: [] }));
    const seen = await stream.until(({ event }) => event === 'task_progressed');
    expect(seen.map(({ event }) => event)).not.toContain('fake');
    executor.release('a');
  });

  it('tells the position it begins at ahead of the first event, as an id alone', async () => {
    const { server, kernel } = await realServer();
    await kernel.submit(graphInput({ a: [] }));
    await kernel.wait('a');
    const stream = await openStream(server, '/events');
    await expect.poll(() => stream.received).toBe(`: from here on\nid: ${kernel.stats().lastSeq}\n\n`);
    await kernel.submit(graphInput({ b: [] }));
    expect(await stream.take(1)).toMatchObject([{ event: 'graph_submitted', id: '5' }]);
  });

  it('of one graph: from its submission, and nothing else; 404 for one that is not there', async () => {
    const { app, server, kernel } = await realServer();
    await kernel.submit(graphInput({ a: [] }));
    const { graph_id } = await kernel.submit(graphInput({ b: [] }));
    await kernel.submit(graphInput({ c: [] }));
    await kernel.graph(graph_id, {});
    const stream = await openStream(server, `/events?graph_id=${graph_id}`);
    const told = await stream.take(4);
    expect(told.map(({ event }) => event)).toEqual([
      'graph_submitted',
      'task_submitted',
      'task_started',
      'task_succeeded',
    ]);
    const { json } = await send(app, 'GET', `/events?graph_id=${graph_id}`);
    expect(json).toEqual(told.map(({ data }) => data));
    for (const accept of ['text/event-stream', 'application/json']) {
      expect((await send(app, 'GET', '/events?graph_id=none', { headers: { accept } })).status).toBe(404);
    }
  });

  it('live=false leaves live reports out', async () => {
    const executor = new FakeExecutor().script('a', reports(['half'], waitsForRelease()));
    const { app, server, kernel } = await realServer(executor);
    const stream = await openStream(server, '/events?live=false');
    await kernel.submit(graphInput({ a: [] }));
    await executor.started('a');
    executor.release('a');
    const told = await stream.until(({ event }) => event === 'task_succeeded');
    expect(told.map(({ event }) => event)).not.toContain('task_progressed');
    const headers = { accept: 'text/event-stream' };
    expect((await send(app, 'GET', '/events?live=maybe', { headers })).json.error).toContain('live: expected one of');
  });

  it('ends its watch when the client goes away', async () => {
    const watched = deferred<AbortSignal>();
    const { app, logged } = testApp(fakeKernel({ stats, watch: quietWatch(watched.resolve) }));
    const server = await listen(app);
    const stream = await openStream(server, '/events');
    const signal = await watched.promise;
    expect(signal.aborted).toBe(false);
    await stream.close();
    await expect.poll(() => signal.aborted).toBe(true);
    expect(logged).toEqual([]);
  });

  it('a source that fails ends the stream, so that the client comes back and is told why', async () => {
    const events = new EventSequence();
    const watch = async function* () {
      yield events.submitted('a');
      throw new ExecGoError('unavailable', 'the store is gone');
    };
    const { app, logged } = testApp(fakeKernel({ stats, watch }));
    const stream = await openStream(await listen(app), '/events');
    expect((await stream.rest()).map(({ id }) => id)).toEqual(['1']);
    expect(logged).toEqual(['the event stream broke off']);
  });

  it('HEAD answers its headers and opens no watch', async () => {
    const { app } = testApp(fakeKernel({ stats }));
    const { status, headers, text } = await send(app, 'HEAD', '/events', { headers: { accept: 'text/event-stream' } });
    expect([status, headers.get('content-type'), text]).toEqual([200, 'text/event-stream', '']);
  });
});

describe('GET /tasks/{id}/events as text/event-stream', () => {
  it('tells what happened since the task was submitted, then what happens', async () => {
    const executor = new FakeExecutor().script('a', waitsForRelease());
    const { app, server } = await realServer(executor);
    await send(app, 'POST', '/tasks', { body: graphInput({ other: [], a: ['other'] }) });
    await executor.started('a');
    const stream = await openStream(server, '/tasks/a/events');
    expect((await stream.take(2)).map(({ event }) => event)).toEqual(['task_submitted', 'task_started']);
    executor.release('a', 1);
    expect(await stream.take(1)).toMatchObject([{ event: 'task_succeeded', data: { task_id: 'a' } }]);
  });

  it('begins with the oldest event that is kept where the submission is not', async () => {
    const kept = new EventSequence({ firstSeq: 42 });
    const submission = new EventSequence({ firstSeq: 3 }).submitted('a');
    const get = async () => ({ submitted_seq: submission.seq }) as never;
    const events = async function* ({ after = 0 }): AsyncGenerator<TaskEvent> {
      if (after < 41) throw new ExecGoError('gone', 'gone', { details: { oldest_seq: 42 } });
      yield* [];
    };
    const asked = deferred<number | undefined>();
    const watch = async function* ({ after }: WatchOptions = {}) {
      asked.resolve(after);
      yield kept.succeeded('a');
    };
    const { app } = testApp(fakeKernel({ get, events, watch }));
    const stream = await openStream(await listen(app), '/tasks/a/events');
    expect((await stream.rest()).map(({ id }) => id)).toEqual(['42']);
    expect(await asked.promise).toBe(41);
  });

  it('of a task that is not there is 404, and resuming that of a deleted one is not', async () => {
    const { app, server } = await realServer();
    const headers = { accept: 'text/event-stream' };
    expect((await send(app, 'GET', '/tasks/none/events', { headers })).status).toBe(404);
    await send(app, 'POST', '/tasks', { body: graphInput({ a: [] }) });
    await send(app, 'GET', '/tasks/a?wait=5000');
    await send(app, 'DELETE', '/tasks/a');
    const stream = await openStream(server, '/tasks/a/events?after=0');
    expect((await stream.take(4)).map(({ event }) => event).at(-1)).toBe('task_deleted');
  });
});

describe('a comment goes out after each quiet 15 s', () => {
  it('and only then', async () => {
    const clock = new FakeClock();
    const watched = deferred<AbortSignal>();
    const { app } = testApp(fakeKernel({ stats, watch: quietWatch(watched.resolve) }), { clock });
    const server = await listen(app);
    const stream = await openStream(server, '/events');
    const opening = ': from here on\nid: 40\n\n';
    await expect.poll(() => stream.received).toBe(opening);
    await clock.advance(14_999);
    expect(stream.received).toBe(opening);
    await clock.advance(1);
    await expect.poll(() => stream.received).toBe(`${opening}: heartbeat\n\n`);
    await clock.advance(15_000);
    await expect.poll(() => stream.received).toBe(`${opening}: heartbeat\n\n: heartbeat\n\n`);
    await stream.close();
    await expect.poll(() => clock.pendingTimers).toBe(0);
  });
});

/** A watch in which nothing happens until its signal ends it. */
function quietWatch(onStart: (signal: AbortSignal) => void) {
  return async function* ({ signal }: WatchOptions = {}): AsyncGenerator<TaskEvent | LiveReport> {
    if (signal === undefined) return;
    onStart(signal);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  };
}
