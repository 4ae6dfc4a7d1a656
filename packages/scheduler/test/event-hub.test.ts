import {
  type EventQuery,
  isExecGoError,
  type LiveReport,
  MemoryStore,
  type TaskEvent,
  type WatchOptions,
} from '@execgo/core';
import { EventSequence } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventHub } from '../src/event-hub.js';

interface Settings {
  readonly ringSize?: number;
  readonly maxEvents?: number;
  readonly reportBuffer?: number;
  readonly reportBufferBytes?: number;
}

/** A hub over an open store; `publish` makes that many events durable and publishes them, as one batch. */
async function setUp({ ringSize = 8, maxEvents = 10_000, reportBuffer = 3, reportBufferBytes = 1000 }: Settings = {}) {
  const store = new MemoryStore({ maxEvents });
  await store.open();
  let reads = 0;
  const counted = Object.assign(Object.create(store) as MemoryStore, {
    events: (query: EventQuery) => {
      reads += 1;
      return store.events(query);
    },
  });
  const hub = new EventHub({ store: counted, now: () => 77, ringSize, reportBuffer, reportBufferBytes });
  const make = new EventSequence();
  let submitted = 0;
  const publish = async (count: number, graphId = 'g') => {
    make.graphId = graphId;
    const events: TaskEvent[] = Array.from({ length: count }, () => make.submitted(`t${++submitted}`));
    await store.append(events);
    hub.publish(events);
  };
  const watch = (options: WatchOptions = {}) => new Watcher(hub.watch(options));
  return { store, hub, make, publish, watch, readsOfStore: () => reads };
}

class Watcher {
  constructor(private readonly stream: AsyncIterator<TaskEvent | LiveReport>) {}

  async next(): Promise<TaskEvent | LiveReport | undefined> {
    const { value, done } = await this.stream.next();
    return done ? undefined : (value as TaskEvent | LiveReport);
  }

  async seqs(count: number): Promise<readonly unknown[]> {
    const seqs: unknown[] = [];
    for (let at = 0; at < count; at += 1) {
      const item = await this.next();
      seqs.push(item !== undefined && 'seq' in item ? item.seq : item?.type);
    }
    return seqs;
  }
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

function progress(task_id: string, message: string): LiveReport {
  return { type: 'task_progressed', task_id, graph_id: 'g', attempt: 1, timestamp: 0, message };
}

function output(task_id: string, bytes: number): LiveReport {
  const chunk = new Uint8Array(bytes);
  return { type: 'task_output', task_id, graph_id: 'g', attempt: 1, timestamp: 0, stream: 'stdout', chunk };
}

describe('EventHub', () => {
  it('gives events from the moment of the call on, not of the first read', async () => {
    const { publish, watch } = await setUp();
    await publish(3);
    const watcher = watch();
    await publish(2);
    expect(await watcher.seqs(2)).toEqual([4, 5]);
  });

  it('gives events after a seq from the ring, without asking the store, while somebody watches', async () => {
    const { publish, watch, readsOfStore } = await setUp();
    const first = watch().next();
    await publish(8);
    await first;
    expect(await watch({ after: 0 }).seqs(8)).toEqual(upTo(1, 8));
    expect(readsOfStore()).toBe(0);
  });

  it('keeps no ring while nobody watches: the store has what a late watcher asks for', async () => {
    const { publish, watch, readsOfStore } = await setUp();
    await publish(8);
    expect(await watch({ after: 0 }).seqs(8)).toEqual(upTo(1, 8));
    expect(readsOfStore()).toBe(1);
  });

  it('goes from the store to the ring, and waits for more, without gap or repeat', async () => {
    const { publish, watch, readsOfStore } = await setUp();
    await publish(30);
    const watcher = watch({ after: 3 });
    expect(await watcher.seqs(5)).toEqual(upTo(4, 8));
    await publish(100);
    expect(await watcher.seqs(122)).toEqual(upTo(9, 130));
    const waiting = watcher.seqs(2);
    await publish(2);
    expect(await waiting).toEqual([131, 132]);
    expect(readsOfStore()).toBeGreaterThan(0);
  });

  it('gives all of a batch that is larger than the ring', async () => {
    const { publish, watch } = await setUp();
    const watcher = watch({ after: 0 });
    const all = watcher.seqs(50);
    await publish(50);
    expect(await all).toEqual(upTo(1, 50));
  });

  it('knows from the store what was there before it started', async () => {
    const { store, hub, make, watch } = await setUp();
    await store.append([make.submitted('a'), make.submitted('b')]);
    hub.startAfter(2);
    const watcher = watch({ after: 1 });
    expect(await watcher.seqs(1)).toEqual([2]);
    const event = make.submitted('c');
    await store.append([event]);
    hub.publish([event]);
    expect(await watcher.seqs(1)).toEqual([3]);
  });

  it('answers gone, with the oldest seq, when the place is older than what is kept', async () => {
    const { publish, watch } = await setUp({ maxEvents: 10 });
    for (let batch = 0; batch < 5; batch += 1) await publish(10);
    const error: unknown = await watch({ after: 2 })
      .next()
      .catch((reason: unknown) => reason);
    expect(isExecGoError(error, 'gone') && (error.details?.oldest_seq as number)).toBeGreaterThan(3);
  });

  it('waits, and does not spin, when the place is newer than the newest event', async () => {
    const { publish, watch } = await setUp();
    await publish(2);
    const watcher = watch({ after: 5 });
    const next = watcher.next();
    // A watcher that spins would never let this turn of the event loop come.
    await new Promise<void>((resolve) => setImmediate(resolve));
    await publish(3);
    await publish(1);
    expect(await next).toMatchObject({ seq: 6 });
  });

  it('filters by task and by graph, in ring and store', async () => {
    const { publish, watch } = await setUp();
    for (let batch = 0; batch < 10; batch += 1) {
      await publish(2, 'left');
      await publish(1, 'right');
    }
    expect(await watch({ after: 0, graph_id: 'right' }).seqs(10)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    expect(await watch({ after: 0, task_id: 't29' }).next()).toMatchObject({ seq: 29 });
    const later = watch({ after: 0, task_id: 't31' }).next();
    await publish(1, 'left');
    expect(await later).toMatchObject({ seq: 31, task_id: 't31' });
  });

  it('a filter that matches nothing in the store goes on to the ring, and waits', async () => {
    const { publish, watch, readsOfStore } = await setUp();
    await publish(1, 'left');
    await publish(30, 'right');
    const watcher = watch({ after: 0, graph_id: 'left' });
    expect(await watcher.seqs(1)).toEqual([1]);
    const next = watcher.next();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(readsOfStore()).toBe(1);
    await publish(1, 'left');
    expect(await next).toMatchObject({ seq: 32 });
  });

  it('what the store knows before it is published comes once, when it is', async () => {
    const { store, hub, make, publish, watch } = await setUp();
    await publish(20);
    const ahead = [make.submitted('x'), make.submitted('y')];
    await store.append(ahead);
    const watcher = watch({ after: 0 });
    expect(await watcher.seqs(20)).toEqual(upTo(1, 20));
    const next = watcher.seqs(2);
    await new Promise<void>((resolve) => setImmediate(resolve));
    hub.publish(ahead);
    expect(await next).toEqual([21, 22]);
    await publish(1);
    expect(await watcher.seqs(1)).toEqual([23]);
  });

  it('ends after the limit', async () => {
    const { publish, watch } = await setUp();
    await publish(20);
    const watcher = watch({ after: 0, limit: 15 });
    expect(await watcher.seqs(16)).toEqual([...upTo(1, 15), undefined]);
  });

  it('ends with its signal, also before the first read and while it waits', async () => {
    const { hub, publish, watch } = await setUp();
    const before = watch({ signal: AbortSignal.abort() });
    expect(await before.next()).toBeUndefined();
    const controller = new AbortController();
    const watcher = watch({ signal: controller.signal, live: true });
    const waiting = watcher.next();
    controller.abort();
    expect(await waiting).toBeUndefined();
    await publish(1);
    expect(await watcher.next()).toBeUndefined();
    expect(hub.watched).toBe(false);
  });

  it('ends every watch when it is closed', async () => {
    const { hub, watch } = await setUp();
    const waiting = [watch().next(), watch({ live: true }).next()];
    hub.close();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  it('gives live reports only to those who ask, of the task or graph they ask for', async () => {
    const { hub, publish, watch } = await setUp();
    const plain = watch();
    const live = watch({ live: true });
    const other = watch({ live: true, task_id: 'other' });
    const first = [plain.next(), live.next(), other.next()];
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(hub.watched).toBe(true);
    hub.report(progress('t1', 'hello'));
    expect(await first[1]).toMatchObject({ type: 'task_progressed', message: 'hello' });
    await publish(1);
    expect(await first[0]).toMatchObject({ seq: 1 });
    hub.report(progress('other', 'mine'));
    expect(await first[2]).toMatchObject({ message: 'mine' });
  });

  it('drops live reports of a slow watcher past the buffer, with a marker that counts them; events it never drops', async () => {
    const { hub, publish, watch } = await setUp({ reportBuffer: 3 });
    const slow = watch({ live: true });
    const first = slow.next();
    await publish(1);
    expect(await first).toMatchObject({ seq: 1 });
    for (let at = 0; at < 8; at += 1) hub.report(progress('t1', `note ${at}`));
    await publish(1);
    expect(await slow.seqs(4)).toEqual([2, 'task_progressed', 'task_progressed', 'task_progressed']);
    expect(await slow.next()).toEqual({ type: 'reports_dropped', timestamp: 77, dropped: 5 });
    const next = slow.next();
    hub.report(progress('t1', 'again'));
    expect(await next).toMatchObject({ message: 'again' });
  });

  it('drops output of a slow watcher past so many bytes too, and takes more once those are read', async () => {
    const { hub, publish, watch } = await setUp({ reportBuffer: 100, reportBufferBytes: 10 });
    const slow = watch({ live: true });
    const first = slow.next();
    await publish(1);
    await first;
    for (const bytes of [4, 6, 1, 11]) hub.report(output('t1', bytes));
    hub.report(progress('t1', 'no output'));
    expect(await slow.next()).toMatchObject({ type: 'task_output', chunk: new Uint8Array(4) });
    expect(await slow.next()).toMatchObject({ type: 'task_output', chunk: new Uint8Array(6) });
    expect(await slow.next()).toMatchObject({ type: 'task_progressed' });
    expect(await slow.next()).toEqual({ type: 'reports_dropped', timestamp: 77, dropped: 2 });
    hub.report(output('t1', 10));
    expect(await slow.next()).toMatchObject({ type: 'task_output', chunk: new Uint8Array(10) });
  });

  it('a watcher that leaves is forgotten', async () => {
    const { hub, publish } = await setUp();
    await publish(1);
    for await (const event of hub.watch({ after: 0, live: true })) {
      expect(event).toMatchObject({ seq: 1 });
      expect(hub.watched).toBe(true);
      break;
    }
    expect(hub.watched).toBe(false);
  });

  it('any batches and any pace of reading: every event once, in order', async () => {
    const batches = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 15 });
    const pace = fc.array(fc.nat({ max: 25 }), { minLength: 15, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(batches, pace, fc.nat({ max: 10 }), async (sizes, reads, after) => {
        const { publish, watch } = await setUp({ ringSize: 5 });
        const watcher = watch({ after: Math.min(after, sizes[0] ?? 0) });
        const seen: unknown[] = [];
        let published = 0;
        for (const [at, size] of sizes.entries()) {
          await publish(size);
          published += size;
          const left = published - Math.min(after, sizes[0] ?? 0) - seen.length;
          seen.push(...(await watcher.seqs(Math.min(reads[at] ?? 0, left))));
        }
        seen.push(...(await watcher.seqs(published - Math.min(after, sizes[0] ?? 0) - seen.length)));
        expect(seen).toEqual(upTo(Math.min(after, sizes[0] ?? 0) + 1, published));
      }),
      { numRuns: 200 },
    );
  });
});

it('whoever aborts is forgotten at once, though he reads no more', async () => {
  const { hub } = await setUp();
  const leaving = new AbortController();
  const step = hub.watch({ live: true, signal: leaving.signal }).next();
  expect(hub.watched).toBe(true);
  leaving.abort();
  expect(hub.watched).toBe(false);
  expect(await step).toMatchObject({ done: true });
});
