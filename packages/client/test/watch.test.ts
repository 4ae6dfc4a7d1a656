import { MemoryStore, type WireEvent, type WireLiveReport } from '@execgo/core';
import { FakeExecutor, graphInput, reports } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { ExecGoHttpError, ExecGoUnreachableError } from '../src/index.js';
import { startProxy } from './support/cutting-proxy.js';
import { json, startFake } from './support/fake-server.js';
import { quickClient, rejection, take } from './support/quick.js';
import { startServer } from './support/test-server.js';

const graph = (at: number) => graphInput({ [`a${at}`]: [], [`b${at}`]: [`a${at}`] });

async function storedEvents(kernel: { events(query: object): AsyncIterable<{ seq: number; type: string }> }) {
  return (await take(kernel.events({}))).map(({ seq, type }) => [seq, type]);
}

describe('watch', () => {
  it('yields every event once and in order, while the connection is cut 20 times', async () => {
    const server = await startServer();
    const proxy = await startProxy(server.port);
    const client = quickClient(proxy.url);
    const direct = quickClient(server.url);
    const abort = new AbortController();
    const seen: WireEvent[] = [];
    let reached = (): void => {};
    const watching = (async () => {
      for await (const event of client.watch({ after: 0, signal: abort.signal })) {
        seen.push(event);
        reached();
      }
    })();

    for (let cut = 0; cut < 20; cut += 1) {
      await direct.submit(graph(cut));
      await server.kernel.wait(`b${cut}`);
      // Cut at another place every time: with events on the way, and with everything read.
      if (cut % 3 !== 0) {
        const { lastSeq } = server.kernel.stats();
        while ((seen.at(-1)?.seq ?? 0) < lastSeq - (cut % 4)) {
          await new Promise<void>((resolve) => {
            reached = resolve;
          });
        }
      }
      proxy.cut();
    }
    await direct.submit(graph(20));
    await server.kernel.wait('b20');
    const expected = await storedEvents(server.kernel);
    while (seen.length < expected.length) {
      await new Promise<void>((resolve) => {
        reached = resolve;
      });
    }
    abort.abort('enough');
    expect(await rejection(watching)).toBe('enough');
    expect(seen.map(({ seq, type }) => [seq, type])).toEqual(expected);
    expect(proxy.made).toBeGreaterThan(10);
  });

  it('goes on where it was when the server is started again on the same store and port', async () => {
    const store = new MemoryStore();
    const first = await startServer({ store });
    const client = quickClient(first.url);
    const watching = take(client.watch({ after: 0 }), 12);
    await client.submit(graph(0));
    await client.wait('b0');
    await first.stop();

    const second = await startServer({ store, port: first.port });
    await client.submit(graph(1));
    await client.wait('b1');
    // A graph of two tasks is seven events: it, and of each task submitted, started, succeeded.
    const seqs = (await watching).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
    expect((await storedEvents(second.kernel)).length).toBe(14);
  });

  it('from now on: what happens while the connection is cut before the first event is not lost', async () => {
    const server = await startServer();
    const proxy = await startProxy(server.port);
    await server.kernel.submit(graph(0));
    await server.kernel.wait('b0');
    const { lastSeq } = server.kernel.stats();

    let told = (): void => {};
    const opened = new Promise<void>((resolve) => {
      told = resolve;
    });
    const client = quickClient(proxy.url, {
      fetch: async (input, init) => {
        const { body, headers, status } = await fetch(input, init);
        const noted = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            controller.enqueue(chunk);
            told();
          },
        });
        return new Response(body?.pipeThrough(noted) ?? null, { headers, status });
      },
    });
    const watching = take(client.watch(), 1);
    await opened;
    // The position is on its way through the client, which has it in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    await server.kernel.submit(graph(1));
    expect((await watching)[0]).toMatchObject({ seq: lastSeq + 1, type: 'graph_submitted' });
  });

  it('of a graph: from its submission, and nothing else', async () => {
    const server = await startServer();
    const client = quickClient(server.url);
    await client.submit(graph(0));
    const { graph_id } = await client.submit(graph(1));
    await client.submit(graph(2));
    await client.waitGraph(graph_id);
    const events = await take(client.watch({ graphId: graph_id }), 7);
    expect(events[0]?.type).toBe('graph_submitted');
    expect(new Set(events.map((event) => event.graph_id))).toEqual(new Set([graph_id]));
    expect((await take(client.events({ graphId: graph_id }))).map(({ seq }) => seq)).toEqual(
      events.map(({ seq }) => seq),
    );
  });

  it('of a task: its own events', async () => {
    const server = await startServer();
    const client = quickClient(server.url);
    await client.submit(graph(0));
    const events = await take(client.watch({ taskId: 'a0' }), 3);
    expect(events.map(({ type }) => type)).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
  });

  it('live reports come where they are asked for alone', async () => {
    const executor = new FakeExecutor().script('a0', reports(['half']));
    const server = await startServer({ executor });
    const client = quickClient(server.url);
    const until = async (events: AsyncIterable<WireEvent | WireLiveReport>) => {
      const types: string[] = [];
      for await (const { type } of events) {
        types.push(type);
        if (type === 'task_succeeded') break;
      }
      return types;
    };
    const both = [until(client.watch({ after: 0, live: true })), until(client.watch({ after: 0 }))] as const;
    await client.submit(graph(0));
    const [live, facts] = await Promise.all(both);
    expect(live).toContain('task_progressed');
    expect(facts).toEqual(live.filter((type) => type !== 'task_progressed'));
  });

  it('a place that is no longer kept is an error that says what is', async () => {
    const server = await startServer({ store: new MemoryStore({ maxEvents: 2 }) });
    const client = quickClient(server.url);
    await client.submit(graph(0));
    await client.wait('b0');
    await client.submit(graph(1));
    await client.wait('b1');
    const error = await rejection(take(client.watch({ after: 0 })));
    expect(error).toBeInstanceOf(ExecGoHttpError);
    expect(error).toMatchObject({ status: 410, code: 'gone', details: { oldest_seq: expect.any(Number) } });
    expect((error as Error).message).toContain('no longer kept');
  });

  it('a task that is not there is an error at once', async () => {
    const server = await startServer();
    const error = await rejection(take(quickClient(server.url).watch({ taskId: 'nobody' })));
    expect(error).toMatchObject({ status: 404, code: 'not_found', message: 'task not found: nobody' });
  });

  it('an abort ends it with the reason, also while it pauses, and leaves no connection', async () => {
    const fake = await startFake((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(': here\n\n');
    });
    const abort = new AbortController();
    const watching = rejection(take(quickClient(fake.url).watch({ signal: abort.signal })));
    await expect.poll(() => fake.underWay).toBe(1);
    const reason = new Error('I changed my mind');
    abort.abort(reason);
    expect(await watching).toBe(reason);
    await expect.poll(() => fake.underWay).toBe(0);

    const busy = await startFake(json(503, { error: 'not now', code: 'unavailable' }));
    const paused = new AbortController();
    const client = quickClient(busy.url, { retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } });
    const waiting = rejection(take(client.watch({ signal: paused.signal })));
    await expect.poll(() => busy.seen.length).toBe(1);
    paused.abort(reason);
    expect(await waiting).toBe(reason);
  });

  it('leaving the loop closes the connection', async () => {
    const event = { seq: 7, type: 'task_deleted', task_id: 'a', graph_id: 'g', timestamp: '2026-01-01T00:00:00.000Z' };
    const fake = await startFake((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`id: 7\ndata: ${JSON.stringify(event)}\n\n`);
    });
    expect(await take(quickClient(fake.url).watch(), 1)).toEqual([event]);
    await expect.poll(() => fake.underWay).toBe(0);
  });

  it('a stream on which nothing comes any more is begun again', async () => {
    const event = { seq: 7, type: 'task_deleted', task_id: 'a', graph_id: 'g', timestamp: '2026-01-01T00:00:00.000Z' };
    const fake = await startFake(
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('id: 6\n\n');
      },
      (response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(`id: 7\nevent: task_deleted\ndata: ${JSON.stringify(event)}\n\n`);
      },
    );
    expect(await take(quickClient(fake.url, { idleTimeoutMs: 50 }).watch(), 1)).toEqual([event]);
    expect(fake.seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '6']);
  });

  it('gives up when the server stays away for longer than reconnectMs', async () => {
    const fake = await startFake((response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end('id: 6\n\n');
    });
    const client = quickClient(fake.url, { retry: false });
    const error = await rejection(take(client.watch()));
    expect(error).toBeInstanceOf(ExecGoUnreachableError);
    expect((error as Error).message).toBe(`${fake.url}: the stream ended`);
    expect(fake.seen).toHaveLength(1);
  });
});
