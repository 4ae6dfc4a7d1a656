import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJsonFileStore, type JsonFileStore } from '../src/index.js';

const TASKS = 100_000;
let place: TemporaryDirectory;
let store: JsonFileStore;

beforeAll(async () => {
  place = await temporaryDirectory();
  store = createJsonFileStore({ directory: place.path });
  await store.open();
});
afterAll(async () => {
  await store.close();
  await place.remove();
});

/** Turns of the event loop, and what this thread computed in the longest, in ms: other processes do not count. */
async function watchTurns(work: () => Promise<unknown>): Promise<{ turns: number; longestMs: number }> {
  let turns = 0;
  let longestMs = 0;
  let isOver = false;
  let before = process.cpuUsage();
  const turn = () => {
    const { user, system } = process.cpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    turns += 1;
    before = process.cpuUsage();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return { turns, longestMs };
}

it('100,000 tasks in one append: the loop turns at least once for every 1,000, later appends keep their order, reads see all or nothing', async () => {
  const make = new EventSequence();
  const events = [make.graph(), ...Array.from({ length: TASKS }, (_, at) => make.submitted(spec({ id: `t${at}` })))];
  const order: string[] = [];
  const seen = new Set<number>();
  let isOver = false;
  const { turns } = await watchTurns(async () => {
    const large = store.append(events).then(() => order.push('large'));
    const small = [1, 2, 3].map((at) => store.append([make.started(`t${at}`)]).then(() => order.push(`small ${at}`)));
    const looking = (async () => {
      for (let isLast = false; !isLast; ) {
        isLast = isOver;
        const [first, last] = await store.getMany(['t0', `t${TASKS - 1}`]);
        seen.add(Number(first !== undefined) + Number(last !== undefined));
        seen.add((await store.list({ limit: 1 })).tasks.length * 2);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all([large, ...small]);
    isOver = true;
    await looking;
  });
  expect(order).toEqual(['large', 'small 1', 'small 2', 'small 3']);
  expect(seen).toEqual(new Set([0, 2]));
  expect(turns).toBeGreaterThan(TASKS / 1000);
});

it('a caller that appends whenever an append resolves does not keep others from the event loop', async () => {
  let isOver = false;
  setImmediate(() => {
    isOver = true;
  });
  while (!isOver) await store.append([]);
});

it('its events are read back in slices, with turns of the loop between them', async () => {
  let count = 0;
  const { turns } = await watchTurns(async () => {
    for await (const { seq } of store.events({})) {
      count += 1;
      expect(seq).toBe(count);
    }
  });
  expect(count).toBe(TASKS + 4);
  expect(turns).toBeGreaterThan(20);
});

it('a snapshot of it is written in slices, while appends go on', async () => {
  const make = new EventSequence({ firstSeq: TASKS + 5 });
  let appended = 0;
  const { turns } = await watchTurns(async () => {
    const closing = (async () => {
      const other = createJsonFileStore({ directory: place.path, snapshotMinBytes: 1, snapshotMinIntervalMs: 0 });
      await store.close();
      await other.open();
      store = other;
    })();
    await closing;
    for (; appended < 200; appended += 1) {
      await store.append([make.graph(`later ${appended}`)]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  expect(turns).toBeGreaterThan(TASKS / 1000);
  expect((await store.getMany(['t1']))[0]?.status).toBe('running');
});
