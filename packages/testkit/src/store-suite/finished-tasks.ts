import { type FinishedTask, isTerminal, type Task } from '@execgo/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutAnywhere, legalEvents } from '../event-arbitrary.js';
import { EventSequence, foldEvents } from '../event-sequence.js';
import { type StoreSuiteOptions, type StoreUnderTest, useStore } from './fixture.js';

const RUNS = 30;
const MANY = 12_000;
/** More than any of these tests can need. */
const MOST_PAGES = 200;

export function finishedTasks(options: StoreSuiteOptions): void {
  const under = useStore(options);
  const canReopen = options.skip?.reopen === undefined;

  /** What the store says of all finished tasks, now and after a reopen: it must be the same. */
  const finished = async () => {
    const before = await allFinished(under, 100);
    if (!canReopen) return before;
    await under.reopen();
    expect(await allFinished(under, 100)).toEqual(before);
    return before;
  };

  it('a new store has none', async () => {
    expect(await under.store.finished({ limit: 10 })).toEqual({ tasks: [], total: 0 });
  });

  it('holds every terminal task, whatever it came to, and no other; the one that ended first comes first', async () => {
    const make = new EventSequence();
    const ids = ['pending', 'success', 'running', 'failed', 'skipped', 'cancelled', 'waiting', 'accepted'];
    await under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    await under.append(make.cancelled('cancelled'), make.started('waiting'), make.retried('waiting'));
    await under.append(make.started('failed'), make.started('success'), make.started('running'));
    await under.append(make.failed('failed'), make.skipped('skipped', 'failed'));
    await under.append(make.started('accepted'), make.accepted('accepted', 'h'), make.succeeded('success', 1));
    expect((await finished()).map(({ id }) => id)).toEqual(['cancelled', 'failed', 'skipped', 'success']);
  });

  it('tells of each its graph, its submission, the event that ended it, and when that was', async () => {
    const make = new EventSequence({ startMs: 1_767_225_600_000 });
    await under.append(make.graph('one'), make.submitted('a'), make.graph('two'), make.submitted('b'));
    await under.append(make.started('b'), make.started('a'), make.succeeded('b'), make.failed('a'));
    expect(await finished()).toEqual([
      { id: 'b', graph_id: 'two', submitted_seq: 4, last_seq: 7, updated_at: 1_767_225_600_006 },
      { id: 'a', graph_id: 'one', submitted_seq: 2, last_seq: 8, updated_at: 1_767_225_600_007 },
    ]);
  });

  it('tasks that ended in one append come in the order of their events, whatever began first', async () => {
    const make = new EventSequence();
    await under.store.finished({ limit: 1 });
    await under.append(make.submitted('a'), make.submitted('b'), make.submitted('c'));
    await under.append(
      ...['a', 'b', 'c'].map((id) => make.started(id)),
      ...['c', 'a', 'b'].map((id) => make.succeeded(id)),
    );
    expect((await finished()).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });

  it('a page begins after any seq, also one that no task ended with, and ends at its limit', async () => {
    const make = new EventSequence();
    await under.append(...['a', 'b', 'c', 'd'].flatMap((id) => [make.submitted(id), make.cancelled(id)]));
    const page = async (after: number | undefined, limit: number) => {
      const { tasks, total } = await under.store.finished({ limit, ...(after !== undefined && { after }) });
      expect(total).toBe(4);
      return tasks.map(({ id }) => id);
    };
    expect(await page(undefined, 2)).toEqual(['a', 'b']);
    expect(await page(0, 100)).toEqual(['a', 'b', 'c', 'd']);
    expect(await page(4, 1)).toEqual(['c']);
    expect(await page(5, 9)).toEqual(['c', 'd']);
    expect(await page(8, 9)).toEqual([]);
    expect(await page(1_000_000, 9)).toEqual([]);
  });

  it('a deleted task is not among them, and not in the total', async () => {
    const make = new EventSequence();
    await under.append(...['a', 'b', 'c'].flatMap((id) => [make.submitted(id), make.cancelled(id)]));
    await under.append(make.deleted('b'));
    expect(await under.store.finished({ limit: 9 })).toMatchObject({ tasks: [{ id: 'a' }, { id: 'c' }], total: 2 });
    expect((await finished()).map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('a task submitted again is not among them until it has ended again, and then stands at its new place', async () => {
    const make = new EventSequence();
    await under.append(...['a', 'b'].flatMap((id) => [make.submitted(id), make.cancelled(id)]));
    await under.append(make.graph('again'), make.submitted('a'), make.started('a'));
    expect((await finished()).map(({ id }) => id)).toEqual(['b']);
    await under.append(make.succeeded('a'));
    expect(await finished()).toMatchObject([
      { id: 'b', submitted_seq: 3 },
      { id: 'a', graph_id: 'again', submitted_seq: 6, last_seq: 8 },
    ]);
  });

  it('tasks deleted while a reader pages neither repeat nor hide the others, as retention does it', async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: 10 }, (_, at) => `t${at}`);
    await under.append(...ids.flatMap((id) => [make.submitted(id), make.cancelled(id)]));
    const seen: string[] = [];
    for (let page = await under.store.finished({ limit: 3 }); page.tasks.length > 0; ) {
      expect(page.total).toBe(10 - seen.length);
      seen.push(...page.tasks.map(({ id }) => id));
      await under.append(...page.tasks.map(({ id }) => make.deleted(id)));
      page = await under.store.finished({ after: page.tasks.at(-1)?.last_seq ?? 0, limit: 3 });
    }
    expect(seen).toEqual(ids);
    expect(await finished()).toEqual([]);
  });

  it(`of ${MANY} tasks every page is bounded, and the pages together hold each task once`, async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: MANY }, (_, at) => `t${at}`);
    await under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    await under.append(...[...ids].reverse().map((id) => make.cancelled(id)));
    if (canReopen) await under.reopen();
    const all = await allFinished(under, 500);
    expect(all.map(({ id }) => id)).toEqual([...ids].reverse());
  });

  it(`after any legal events they are what the fold says (${RUNS} random sequences)`, async () => {
    await fc.assert(
      fc.asyncProperty(legalEvents().chain(cutAnywhere), async (appends) => {
        const fixture = await options.makeFixture();
        const store = fixture.connect({});
        await store.open();
        for (const events of appends) await store.append(events);
        const expected = expectedFinished(foldEvents(appends.flat()).values());
        expect(await store.finished({ limit: 100 })).toEqual({ tasks: expected, total: expected.length });
        await store.close();
        await fixture.dispose?.();
      }),
      { numRuns: RUNS },
    );
  }, 60_000);
}

async function allFinished(under: StoreUnderTest, limit: number): Promise<readonly FinishedTask[]> {
  const all: FinishedTask[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { tasks, total } = await under.store.finished({ after: all.at(-1)?.last_seq ?? 0, limit });
    expect(tasks.length).toBeLessThanOrEqual(limit);
    all.push(...tasks);
    if (tasks.length > 0) continue;
    expect(total).toBe(all.length);
    return all;
  }
  expect.fail(`${MOST_PAGES} pages have not come to an end`);
}

function expectedFinished(tasks: Iterable<Task>): readonly FinishedTask[] {
  return [...tasks]
    .filter(({ status }) => isTerminal(status))
    .sort((a, b) => a.last_seq - b.last_seq)
    .map(({ id, graph_id, submitted_seq, last_seq, updated_at }) => ({
      id,
      graph_id,
      submitted_seq,
      last_seq,
      updated_at,
    }));
}
