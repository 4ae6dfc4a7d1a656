import { MAX_PAGE_BYTES, setOwn, type Task, type TaskQuery } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { spec } from '../build-task.js';
import { EventSequence } from '../event-sequence.js';
import { type StoreSuiteOptions, type StoreUnderTest, useStore } from './fixture.js';

const MEBIBYTE = 1024 * 1024;
/** More than any of these tests can need. */
const MOST_PAGES = 100;

export function listing(options: StoreSuiteOptions): void {
  describe('paging', () => paging(options));
  describe('filters', () => filters(options));
}

function paging(options: StoreSuiteOptions): void {
  const under = useStore(options);

  it('lists the newest submission first, whatever happened to the tasks since', async () => {
    const make = new EventSequence();
    await under.append(make.submitted('a'), make.submitted('b'), make.submitted('c'));
    await under.append(make.started('a'), make.succeeded('a'), make.started('b'));
    expect(idsOf(await under.list())).toEqual(['c', 'b', 'a']);
  });

  it.each([1, 2, 3, 7, 20, 21])(
    'pages of at most %i hold every task once, and the last one has no next',
    async (limit) => {
      await submitMany(under, 20);
      const pages = await allPages(under, { limit });
      expect(pages.map((page) => page.length)).toEqual(sizesOf(20, limit));
      expect(idsOf(pages.flat())).toEqual(idsOf(await under.list()));
    },
  );

  it('next is the place where the page after begins, usable as before', async () => {
    await submitMany(under, 5);
    const page = await under.store.list({ limit: 2 });
    expect(page.next).toBe(page.tasks.at(-1)?.submitted_seq);
    expect(idsOf(await under.list({ before: page.next as number }))).toEqual(['t2', 't1', 't0']);
  });

  it('before takes any seq, also one that no task has', async () => {
    const make = new EventSequence();
    await under.append(make.submitted('a'), make.started('a'), make.graph(), make.submitted('b'));
    expect(idsOf(await under.list({ before: 3 }))).toEqual(['a']);
    expect(idsOf(await under.list({ before: 1 }))).toEqual([]);
    expect(idsOf(await under.list({ before: 1_000_000 }))).toEqual(['b', 'a']);
  });

  it('tasks submitted, changed or deleted while a reader pages neither repeat nor hide the others', async () => {
    const make = await submitMany(under, 6);
    const first = await under.store.list({ limit: 2 });
    await under.append(
      make.submitted('new'),
      make.failed('t5'),
      make.deleted('t5'),
      make.started('t2'),
      make.failed('t4'),
    );
    const rest = await allPages(under, { limit: 2, before: first.next as number });
    expect(idsOf(rest.flat())).toEqual(['t3', 't2', 't1', 't0']);
  });

  it('a page of a filter ends by what matches, and has a next only when more matches', async () => {
    const make = await submitMany(under, 6);
    await under.append(make.started('t4'), make.started('t1'));
    const page = await under.store.list({ status: 'running', limit: 1 });
    expect(idsOf(page.tasks)).toEqual(['t4']);
    expect(await under.store.list({ status: 'running', limit: 1, before: page.next as number })).not.toHaveProperty(
      'next',
    );
    expect(await under.store.list({ status: 'running', limit: 2 })).not.toHaveProperty('next');
  });

  it('a page ends at about 8 MiB, and the pages together hold every task', async () => {
    const make = new EventSequence();
    for (let at = 0; at < 7; at += 1) {
      await under.append(make.submitted(spec({ id: `t${at}`, input: String(at).repeat(3 * MEBIBYTE) })));
    }
    const pages = await allPages(under, {});
    expect(idsOf(pages.flat())).toEqual(['t6', 't5', 't4', 't3', 't2', 't1', 't0']);
    expect(pages.length).toBeGreaterThan(1);
    for (const page of pages) expect(inputBytes(page)).toBeLessThanOrEqual(MAX_PAGE_BYTES + 3 * MEBIBYTE);
  });

  it('a page holds at least one task, however large, and counts results too', async () => {
    const make = new EventSequence();
    for (const id of ['t0', 't1', 't2']) {
      await under.append(make.submitted(id), make.started(id), make.succeeded(id, 'r'.repeat(9 * MEBIBYTE)));
    }
    const pages = await allPages(under, {});
    expect(pages.map(idsOf)).toEqual([['t2'], ['t1'], ['t0']]);
  });
}

function filters(options: StoreSuiteOptions): void {
  const under = useStore(options);

  const fill = async () => {
    const make = new EventSequence();
    await under.append(
      make.graph('one'),
      make.submitted(spec({ id: 'a', type: 'os', annotations: { env: 'test', team: 'x' } })),
      make.submitted(spec({ id: 'b', type: 'mcp', annotations: { env: 'live' } })),
      make.graph('two'),
      make.submitted(spec({ id: 'c', type: 'os', annotations: { env: 'test' } })),
      make.submitted(spec({ id: 'd', type: 'runtime' })),
      make.submitted(spec({ id: 'e', type: 'os' })),
    );
    await under.append(make.started('a'), make.succeeded('a'), make.started('b'), make.accepted('b', 'handle-1'));
    await under.append(make.failed('c'), make.skipped('d', 'c'));
    return make;
  };

  const cases: readonly [TaskQuery, readonly string[]][] = [
    [{}, ['e', 'd', 'c', 'b', 'a']],
    [{ status: 'pending' }, ['e']],
    [{ status: 'running' }, ['b']],
    [{ status: 'success' }, ['a']],
    [{ status: 'failed' }, ['c']],
    [{ status: 'skipped' }, ['d']],
    [{ type: 'os' }, ['e', 'c', 'a']],
    [{ type: 'mcp' }, ['b']],
    [{ type: 'o' }, []],
    [{ graph_id: 'one' }, ['b', 'a']],
    [{ graph_id: 'two' }, ['e', 'd', 'c']],
    [{ graph_id: 'three' }, []],
    [{ handle_id: 'handle-1' }, ['b']],
    [{ handle_id: 'handle' }, []],
    [{ annotations: { env: 'test' } }, ['c', 'a']],
    [{ annotations: { env: 'test', team: 'x' } }, ['a']],
    [{ annotations: { env: 'TEST' } }, []],
    [{ annotations: { constructor: 'x' } }, []],
    [{ annotations: {} }, ['e', 'd', 'c', 'b', 'a']],
    [{ status: 'failed', type: 'os', graph_id: 'two', annotations: { env: 'test' } }, ['c']],
    [{ status: 'failed', type: 'mcp' }, []],
    [{ type: 'os', before: 5 }, ['a']],
    [{ type: 'os', limit: 2 }, ['e', 'c']],
  ];

  it.each(cases)('%j', async (query, ids) => {
    await fill();
    expect(idsOf(await under.list(query))).toEqual(ids);
    if (options.skip?.reopen !== undefined) return;
    await under.reopen();
    expect(idsOf(await under.list(query))).toEqual(ids);
  });

  it('a filter that matches nothing gives an empty last page', async () => {
    await fill();
    expect(await under.store.list({ graph_id: 'three' })).toEqual({ tasks: [] });
  });

  it('a handle is forgotten when a new attempt is made, and found again under the new one', async () => {
    const make = await fill();
    await under.append(make.retried('b'), make.started('b', 2), make.accepted('b', 'handle-2'));
    expect(await under.list({ handle_id: 'handle-1' })).toEqual([]);
    expect(idsOf(await under.list({ handle_id: 'handle-2' }))).toEqual(['b']);
  });

  it('a handle of a finished task is still found', async () => {
    const make = await fill();
    await under.append(make.succeeded('b'));
    expect(idsOf(await under.list({ handle_id: 'handle-1' }))).toEqual(['b']);
  });

  it('a graph loses its deleted and its replaced tasks', async () => {
    const make = await fill();
    await under.append(make.deleted('a'), make.graph('three'), make.submitted('c'));
    expect(idsOf(await under.list({ graph_id: 'one' }))).toEqual(['b']);
    expect(idsOf(await under.list({ graph_id: 'two' }))).toEqual(['e', 'd']);
    expect(idsOf(await under.list({ graph_id: 'three' }))).toEqual(['c']);
  });

  it('annotations with the names of object members are ordinary', async () => {
    const make = new EventSequence();
    const annotations: Record<string, string> = { constructor: 'c', toString: 't' };
    setOwn(annotations, '__proto__', 'p');
    await under.append(make.submitted(spec({ id: 'a', annotations })), make.submitted('b'));
    if (options.skip?.reopen === undefined) await under.reopen();
    for (const [key, value] of Object.entries(annotations)) {
      const query: Record<string, string> = {};
      setOwn(query, key, value);
      expect(idsOf(await under.list({ annotations: query }))).toEqual(['a']);
    }
  });
}

async function submitMany(under: StoreUnderTest, count: number): Promise<EventSequence> {
  const make = new EventSequence();
  await under.append(make.graph(), ...Array.from({ length: count }, (_, at) => make.submitted(`t${at}`)));
  return make;
}

async function allPages(under: StoreUnderTest, query: TaskQuery): Promise<(readonly Task[])[]> {
  const pages: (readonly Task[])[] = [];
  for (let before = query.before; pages.length < MOST_PAGES; ) {
    const page = await under.store.list({ ...query, ...(before !== undefined && { before }) });
    pages.push(page.tasks);
    if (page.next === undefined) return pages;
    before = page.next;
  }
  expect.fail(`the last of ${MOST_PAGES} pages still has a next one`);
}

function sizesOf(total: number, limit: number): readonly number[] {
  const full = Array.from({ length: Math.floor(total / limit) }, () => limit);
  return total % limit === 0 ? full : [...full, total % limit];
}

function idsOf(tasks: readonly Task[]): readonly string[] {
  return tasks.map(({ id }) => id);
}

function inputBytes(tasks: readonly Task[]): number {
  return tasks.reduce((sum, { spec: { input } }) => sum + String(input).length, 0);
}
