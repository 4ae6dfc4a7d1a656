import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { ExecGoError, type TaskEvent, type WatchOptions } from '@execgo/core';
import { deferred, EventSequence, FakeExecutor, fails, graphInput, reports, waitsForRelease } from '@execgo/testkit';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ExecGo, type WatchTasksResponse } from '../src/gen/execgo/v1/execgo_pb.js';
import { GrpcClient } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc, startKernel } from './support/test-server.js';

const { submitTasks, watchTasks, getTask } = ExecGo.method;
const types = (events: readonly WatchTasksResponse[]) => events.map(({ type }) => type);
const seqs = (events: readonly WatchTasksResponse[]) => events.map(({ seq }) => Number(seq));
const oneTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);
const isSeq = (wanted: number) => (event: WatchTasksResponse) => event.seq === BigInt(wanted);

async function started(executor = new FakeExecutor()) {
  const { kernel } = await startKernel({ executor });
  const server = await startGrpc(kernel);
  return { kernel, executor, server, client: new GrpcClient(server.target) };
}

/** A kernel whose watch gives what it is told, and tells when it was left. */
function watchedKernel(events: (options: WatchOptions) => AsyncIterable<TaskEvent>) {
  const left = deferred<void>();
  const begun = deferred<WatchOptions>();
  async function* watch(options: WatchOptions = {}) {
    begun.resolve(options);
    try {
      yield* events(options);
    } finally {
      left.resolve();
    }
  }
  return { kernel: fakeKernel({ watch }), watch, left: left.promise, begun: begun.promise };
}

/** What cannot be read at all. */
function failing(error: ExecGoError): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

/** A call of WatchTasks by hand, over HTTP/2, as no library makes it. */
function rawWatch(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}) {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${ExecGo.typeName}/WatchTasks`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  return stream.end(Buffer.alloc(5));
}

async function* untilAborted({ signal }: WatchOptions): AsyncGenerator<TaskEvent> {
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
}

describe('WatchTasks: a stream of events, resumable by seq', () => {
  it('without a place it begins with what happens next: initial metadata tells that nothing is missed from then on', async () => {
    const { client } = await started();
    await client.call(submitTasks, graphOf('before'));
    const stream = client.stream(watchTasks, {});
    await stream.begun;
    const { graphId } = await client.call(submitTasks, graphOf('a'));
    const events = await stream.until(({ type, taskId }) => type === 'task_succeeded' && taskId === 'a');
    const [first] = events.filter((event) => event.graphId === graphId);
    expect(first).toMatchObject({ type: 'graph_submitted', taskId: '', graphId });
    expect(types(events.filter(({ taskId }) => taskId === 'a'))).toEqual([
      'task_submitted',
      'task_started',
      'task_succeeded',
    ]);
    stream.cancel();
  });

  it('tells what HTTP tells: seq, type, ids, time, message, and the rest as JSON', async () => {
    const { client, kernel } = await started(new FakeExecutor().script('a', fails('timeout', 'late')));
    await client.call(submitTasks, graphOf('a'));
    const { updated_at, graph_id } = await kernel.wait('a');
    const stream = client.stream(watchTasks, { after: 0n });
    const events = await stream.until(({ type }) => type === 'task_failed');
    expect(seqs(events)).toEqual(oneTo(4));
    expect(events.at(-1)).toMatchObject({
      taskId: 'a',
      graphId: graph_id,
      handleId: '',
      timestampUnixMs: BigInt(updated_at),
      dataJson: '{"error":{"code":"timeout","message":"late","retryable":true}}',
    });
    expect(JSON.parse(events[1]?.dataJson ?? '')).toMatchObject({ task: { id: 'a', type: 'os' } });
    stream.cancel();
  });

  it('resumed with after after a cut there is no gap and no repeat, wherever it is cut', async () => {
    const { client, kernel, server } = await started();
    await kernel.submit(graphInput({ a: [], b: ['a'], c: ['b'], d: ['c'] }));
    await kernel.wait('d');
    const last = 13;
    const whole = await client.stream(watchTasks, { after: 0n }).until(isSeq(last));
    expect(seqs(whole)).toEqual(oneTo(last));
    for (let cut = 1; cut < last; cut += 1) {
      const torn = new GrpcClient(server.target);
      const before = await torn.stream(watchTasks, { after: 0n }).until(isSeq(cut));
      torn.close();
      const after = await client.stream(watchTasks, { after: BigInt(cut) }).until(isSeq(last));
      expect([...before, ...after]).toEqual(whole);
    }
  });

  it('of one task or one graph: from its submission, or from the place that is named', async () => {
    const { client, kernel } = await started();
    await client.call(submitTasks, graphOf('x'));
    await kernel.wait('x');
    const { graphId } = await client.call(submitTasks, graphOf('a', 'b'));
    await Promise.all(['a', 'b'].map((id) => kernel.wait(id)));
    const ofTask = await client.stream(watchTasks, { taskId: 'b' }).until(({ type }) => type === 'task_succeeded');
    expect(types(ofTask)).toEqual(['task_submitted', 'task_started', 'task_succeeded']);
    expect(ofTask.every(({ taskId }) => taskId === 'b')).toBe(true);
    const stream = client.stream(watchTasks, { graphId });
    let open = 2;
    const ofGraph = await stream.until(({ type }) => type === 'task_succeeded' && --open === 0);
    expect(types(ofGraph).sort()).toEqual([
      'graph_submitted',
      'task_started',
      'task_started',
      'task_submitted',
      'task_submitted',
      'task_succeeded',
      'task_succeeded',
    ]);
    const named = await client.stream(watchTasks, { taskId: 'b', after: ofTask[1]?.seq as bigint }).next();
    expect(named.type).toBe('task_succeeded');
    for (const missing of [{ taskId: 'ghost' }, { graphId: 'ghost' }]) {
      expect((await client.stream(watchTasks, missing).ended).code).toBe(status.NOT_FOUND);
    }
  });

  it('a place that is no longer kept is FAILED_PRECONDITION with the oldest one kept', async () => {
    const gone = new ExecGoError('gone', 'events before 40 are no longer kept', { details: { oldest_seq: 40 } });
    const { kernel } = watchedKernel(() => failing(gone));
    const client = new GrpcClient((await startGrpc(kernel)).target);
    const { code, trailers } = await client.stream(watchTasks, { after: 7n }).ended;
    expect([code, trailers.code, trailers.details]).toEqual([status.FAILED_PRECONDITION, 'gone', '{"oldest_seq":40}']);
  });

  it('a submission that is no longer kept: the stream of the task begins with the oldest event that is', async () => {
    const { kernel: real } = await startKernel();
    await real.submit(graphInput({ a: [] }));
    const task = await real.wait('a');
    const gone = new ExecGoError('gone', 'too old', { details: { oldest_seq: 40 } });
    const { watch, begun } = watchedKernel(untilAborted);
    const kernel = fakeKernel({ watch, events: () => failing(gone), get: async () => task });
    const client = new GrpcClient((await startGrpc(kernel)).target);
    const stream = client.stream(watchTasks, { taskId: 'a' });
    expect(await begun).toMatchObject({ after: 39, task_id: 'a' });
    stream.cancel();
  });

  it('live: progress and output come between, without a seq, and only for those who ask', async () => {
    const { client, executor } = await started(new FakeExecutor().script('a', reports(['half'], waitsForRelease())));
    const plain = client.stream(watchTasks, {});
    const live = client.stream(watchTasks, { live: true });
    await Promise.all([plain.begun, live.begun]);
    await client.call(submitTasks, graphOf('a'));
    const before = await live.until(({ type }) => type === 'task_progressed');
    expect(before.at(-1)).toMatchObject({ seq: 0n, taskId: 'a', message: 'half' });
    executor.release('a');
    await live.until(({ type }) => type === 'task_succeeded');
    const facts = await plain.until(({ type }) => type === 'task_succeeded');
    expect(types(facts)).toEqual(['graph_submitted', 'task_submitted', 'task_started', 'task_succeeded']);
    live.cancel();
    plain.cancel();
  });

  it.each([
    [{ after: -1n }, /^after: expected the seq of an event/],
    [{ after: 2n ** 62n }, /^after: .* out of range/],
  ])('%o is INVALID_ARGUMENT', async (request, message) => {
    const { client } = await started();
    const { code, text } = await client.stream(watchTasks, request).ended;
    expect([code, text]).toEqual([status.INVALID_ARGUMENT, expect.stringMatching(message)]);
  });
});

describe('deadlines and cancellations end what the call holds', () => {
  it('a caller who cancels leaves no watcher', async () => {
    const { kernel, left, begun } = watchedKernel(untilAborted);
    const stream = new GrpcClient((await startGrpc(kernel)).target).stream(watchTasks, {});
    const { signal } = await begun;
    expect(signal?.aborted).toBe(false);
    stream.cancel();
    await left;
    expect(signal?.aborted).toBe(true);
  });

  it('nor does one whose connection breaks', async () => {
    const { kernel, left, begun } = watchedKernel(untilAborted);
    const session = connect(`http://${(await startGrpc(kernel)).target}`);
    rawWatch(session).on('error', () => {});
    const { signal } = await begun;
    session.destroy();
    await left;
    expect(signal?.aborted).toBe(true);
  });

  it('a caller who does not watch its deadline by itself is told DEADLINE_EXCEEDED, each time', async () => {
    const { kernel } = watchedKernel(untilAborted);
    const session = connect(`http://${(await startGrpc(kernel)).target}`);
    const codes = new Set<unknown>();
    for (let round = 0; round < 5; round += 1) {
      const streams = Array.from({ length: 20 }, () => rawWatch(session, { 'grpc-timeout': '50m' }));
      await Promise.all(
        streams.map(async (stream) => {
          stream.once('trailers', (trailers) => codes.add(trailers['grpc-status']));
          await once(stream.resume(), 'close');
        }),
      );
    }
    session.destroy();
    expect([...codes]).toEqual([String(status.DEADLINE_EXCEEDED)]);
  });

  it('DEADLINE_EXCEEDED leaves none either, also where the reader has stopped reading', async () => {
    const endless = new EventSequence();
    async function* flood() {
      for (;;) yield endless.submitted('x'.repeat(2000));
    }
    const ends = [untilAborted, flood].map(async (events) => {
      const { kernel, left } = watchedKernel(events);
      const client = new GrpcClient((await startGrpc(kernel)).target);
      // The connection is there before the time begins to run.
      await client.refusal(getTask, { id: '' });
      const stream = client.stream(watchTasks, {}, { deadline: Date.now() + 1000 });
      await left;
      if (events === untilAborted) expect((await stream.ended).code).toBe(status.DEADLINE_EXCEEDED);
      stream.cancel();
    });
    await Promise.all(ends);
  });

  it('close ends streams with UNAVAILABLE, and unary calls under way get their answer', async () => {
    const release = deferred<never>();
    const asked = deferred<void>();
    const { watch, left } = watchedKernel(untilAborted);
    const get = () => {
      asked.resolve();
      return release.promise;
    };
    const server = await startGrpc(fakeKernel({ watch, get }));
    const client = new GrpcClient(server.target);
    const stream = client.stream(watchTasks, {});
    await stream.begun;
    const answer = client.refusal(getTask, { id: 'a' });
    await asked.promise;
    const closed = server.close({ graceMs: 20_000 });
    expect((await stream.ended).code).toBe(status.UNAVAILABLE);
    await left;
    release.reject(new ExecGoError('not_found', 'task not found: a'));
    expect((await answer).code).toBe(status.NOT_FOUND);
    await closed;
  });

  it('a call that outlives the grace is cut', async () => {
    const asked = deferred<void>();
    const get = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const server = await startGrpc(fakeKernel({ get }));
    const client = new GrpcClient(server.target);
    const answer = client.refusal(getTask, { id: 'a' });
    await asked.promise;
    await server.close({ graceMs: 20 });
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain((await answer).code);
  });
});

describe('a slow reader', () => {
  it('costs bounded memory and holds up nobody: no event is fetched for it while its buffer is full', async () => {
    const total = 3000;
    const sequence = new EventSequence();
    let fetched = 0;
    async function* history() {
      for (; fetched < total; fetched += 1) yield sequence.submitted('x'.repeat(2000));
    }
    const { kernel } = watchedKernel(history);
    const client = new GrpcClient((await startGrpc(kernel)).target);
    const slow = client.stream(watchTasks, {});
    await slow.begun;
    await slow.next();
    const pushed = await stillCount(() => fetched);
    // What HTTP/2 windows and buffers on both sides hold: far from everything.
    expect(pushed).toBeLessThan(total / 2);
    // Others get their answers meanwhile.
    expect((await client.refusal(getTask, { id: '' })).code).toBe(status.INVALID_ARGUMENT);
    let read = 1;
    while (read < total) {
      await slow.next();
      read += 1;
    }
    expect(fetched).toBe(total);
  });
});

/** A count that has not changed for a while. */
async function stillCount(count: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = count();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function graphOf(...ids: readonly string[]) {
  return { tasks: ids.map((id) => ({ id, type: 'os' })) };
}
