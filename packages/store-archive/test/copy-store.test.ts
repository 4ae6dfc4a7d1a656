import { type DrainedStore, drainContents, EventSequence, KeptStore, keptAfter } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { copyStore, createArchive } from '../src/index.js';
import { useFiles } from './archive-place.js';
import { lifeOf } from './life.js';

const files = useFiles();
const HELD = keptAfter(lifeOf(12));

describe('copyStore', () => {
  it('copies from any store to any other, tells what it copied, and closes both', async () => {
    const file = files.next();
    const [from, to] = [new KeptStore(HELD), new KeptStore()];
    const first = await copyStore(from, createArchive({ file }));
    const second = await copyStore(createArchive({ file }), to);
    expect(to.held).toEqual(HELD);
    expect(first).toEqual({
      storeId: HELD.storeId,
      firstSeq: 1,
      lastSeq: HELD.lastSeq,
      tasks: HELD.tasks.length,
      events: HELD.events.length,
      receipts: HELD.receipts.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(second).toEqual(first);
    expect([from.open, to.open]).toEqual([0, 0]);
  });

  it('of another store, or another state of it, has another SHA-256', async () => {
    const sums = new Set<string>();
    const others = [
      HELD,
      { ...HELD, storeId: 'a' },
      keptAfter(lifeOf(11)),
      { ...HELD, receipts: HELD.receipts.slice(1) },
    ];
    for (const held of others) sums.add((await copyStore(new KeptStore(held), new KeptStore())).sha256);
    expect(sums.size).toBe(others.length);
  });

  it('tells how far it has come: copying first, then comparing', async () => {
    const said: string[] = [];
    await copyStore(new KeptStore(HELD), new KeptStore(), {
      onProgress: ({ step, part, done }) => said.push(`${step} ${part} ${done}`),
    });
    expect(said).toContain(`copying events ${HELD.events.length}`);
    expect(said.at(-1)).toBe(`comparing receipts ${HELD.receipts.length}`);
  });

  const last = HELD.tasks.length - 1;
  const losses: readonly (readonly [string, Partial<DrainedStore>, string])[] = [
    ['a task', { tasks: HELD.tasks.slice(1) }, `it holds ${last} tasks, and ${last + 1} were read`],
    ['the order of tasks', { tasks: [...HELD.tasks].reverse() }, 'the tasks read back are not those that were read'],
    ['an event', { events: HELD.events.slice(1) }, `it holds ${HELD.events.length - 1} events`],
    [
      'the time of an event',
      { events: HELD.events.map((event, at) => (at === 7 ? { ...event, timestamp: 1 } : event)) },
      'the events read back',
    ],
    ['a receipt', { receipts: HELD.receipts.slice(0, -1) }, 'receipts, and 12 were read'],
    ['its name', { storeId: 'another' }, 'storeId is another'],
    ['its last seq', { lastSeq: HELD.lastSeq - 1 }, 'lastSeq is'],
  ];
  it.each(losses)('a target that loses %s is found out, and the part is named', async (_, loss, message) => {
    const to = new KeptStore();
    const fill = to.fill.bind(to);
    to.fill = async (contents) => {
      await fill(contents);
      to.held = { ...(to.held as DrainedStore), ...loss };
    };
    await expect(copyStore(new KeptStore(HELD), to)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining(message),
    });
    expect(to.open).toBe(0);
  });

  it('to a place that holds just this already is compared and fine; to any other it is refused', async () => {
    const file = files.next();
    const first = await copyStore(new KeptStore(HELD), createArchive({ file }));
    expect(await copyStore(new KeptStore(HELD), createArchive({ file }))).toEqual(first);
    const later = new KeptStore(keptAfter(lifeOf(13)));
    await expect(copyStore(later, createArchive({ file }))).rejects.toMatchObject({ code: 'conflict' });
    const altered = { ...HELD, receipts: HELD.receipts.slice(1) };
    await expect(copyStore(new KeptStore(altered), createArchive({ file }))).rejects.toThrow('is not equal');
    expect(await drainContents(await createArchive({ file }).read())).toEqual(HELD);
  });

  it('stops at its signal, leaves no archive, and closes what it reads', async () => {
    const file = files.next();
    const from = new KeptStore(HELD);
    const stop = new AbortController();
    const copied = copyStore(from, createArchive({ file }), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(copied).rejects.toMatchObject({ code: 'cancelled' });
    await expect(createArchive({ file }).read()).rejects.toMatchObject({ code: 'not_found' });
    expect(from.open).toBe(0);
  });

  it('from a place without a store says so', async () => {
    await expect(copyStore(new KeptStore(), new KeptStore())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a store that goes on afterwards goes on from the same seq', async () => {
    const to = new KeptStore();
    await copyStore(new KeptStore(HELD), to);
    const make = new EventSequence({ firstSeq: (to.held?.lastSeq ?? 0) + 1 });
    const more = [make.graph('later'), make.submitted('later')];
    expect(keptAfter([...(to.held?.events ?? []), ...more])).toEqual(keptAfter([...lifeOf(12), ...more]));
  });
});
