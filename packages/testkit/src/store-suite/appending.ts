import type { TaskEvent } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { EventSequence } from '../event-sequence.js';
import { itWith, type StoreSuiteOptions, useStore } from './fixture.js';

const OVERLAPPING = 100;

export function appending(options: StoreSuiteOptions): void {
  const under = useStore(options);

  it('overlapping appends become durable in the order of their calls', async () => {
    const make = new EventSequence();
    const resolved: number[] = [];
    const appends = Array.from({ length: OVERLAPPING }, async (_, at) => {
      await under.append(make.submitted(`task-${at}`));
      resolved.push(at);
    });
    await Promise.all(appends);
    expect(resolved).toEqual(Array.from({ length: OVERLAPPING }, (_, at) => at));
    expect((await under.events()).map(({ seq }) => seq)).toEqual(resolved.map((at) => at + 1));
  });

  it('when one of overlapping appends has resolved, it and all before it are visible', async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: OVERLAPPING }, (_, at) => `task-${at}`);
    const appends = ids.map((id) => under.append(make.submitted(id)));
    for (const [at, append] of appends.entries()) {
      await append;
      const found = await under.store.getMany(ids.slice(0, at + 1));
      expect(found.filter((task) => task === undefined)).toEqual([]);
    }
  });

  itWith(options, 'reopen')(
    'overlapping appends of different sizes are all there after a reopen, in order',
    async () => {
      const make = new EventSequence();
      const appends = Array.from({ length: OVERLAPPING }, (_, at) => {
        const size = 1 + ((at * 7) % 13);
        return under.append(...Array.from({ length: size }, (__, part) => make.submitted(`task-${at}-${part}`)));
      });
      await Promise.all(appends);
      const before = await under.list();
      await under.reopen();
      expect(await under.list()).toEqual(before);
      expect((await under.events()).map(({ seq }) => seq)).toEqual(before.map((_, at) => at + 1));
    },
  );

  it('one append of ten thousand events is taken whole', async () => {
    const make = new EventSequence();
    const events = [make.graph(), ...Array.from({ length: 10_000 }, (_, at) => make.submitted(`task-${at}`))];
    await under.append(...events);
    if (options.skip?.reopen === undefined) await under.reopen();
    expect(await under.unfinished()).toHaveLength(10_000);
  });

  it('one task may go through its whole life within one append', async () => {
    const make = new EventSequence();
    await under.append(
      make.submitted('a'),
      make.started('a'),
      make.succeeded('a', 1),
      make.deleted('a'),
      make.submitted('a'),
    );
    expect(await under.get('a')).toMatchObject({ status: 'pending', submitted_seq: 5, last_seq: 5 });
    expect(await under.list()).toHaveLength(1);
  });

  it('a task replaced within an append is listed at its new place', async () => {
    const make = new EventSequence();
    await under.append(make.submitted('a'), make.submitted('b'));
    await under.append(make.started('a'), make.succeeded('a'), make.submitted('c'), make.submitted('a'));
    expect((await under.list()).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
    expect((await under.list({ before: 5 })).map(({ id }) => id)).toEqual(['b']);
  });

  it('an empty append changes nothing', async () => {
    await under.append();
    await under.append(new EventSequence().graph());
    expect(await under.events()).toHaveLength(1);
  });

  it('events given to an append are not modified', async () => {
    const make = new EventSequence();
    const events = [make.graph(), make.submitted('a'), make.started('a'), make.succeeded('a', { x: [1] })];
    const before = structuredClone(events.map((event) => ({ ...event })));
    await under.append(...deepFreeze(events));
    expect(events).toEqual(before);
  });

  describe('an append that cannot be', () => {
    const wrong: readonly [string, (make: EventSequence) => readonly TaskEvent[]][] = [
      ['leaves a gap', (make) => [{ ...make.submitted('b'), seq: 4 }]],
      ['repeats a seq', (make) => [{ ...make.submitted('b'), seq: 2 }]],
      ['has a gap inside', (make) => [make.submitted('b'), { ...make.submitted('c'), seq: 9 }]],
      ['holds an illegal event', (make) => [make.submitted('b'), make.succeeded('a')]],
      ['holds an event of a task that is not there', (make) => [make.submitted('b'), make.started('nobody')]],
    ];

    it.each(wrong)(
      'because it %s is refused whole: nothing of it is visible, now or after a reopen',
      async (_, events) => {
        const make = new EventSequence();
        await under.append(make.graph(), make.submitted('a'));
        await expect(under.store.append(events(make))).rejects.toMatchObject({ code: 'unavailable' });
        const check = async () => {
          expect(await under.list()).toMatchObject([{ spec: { id: 'a' }, status: 'pending' }]);
          expect(await under.events()).toHaveLength(2);
        };
        await check();
        if (options.skip?.reopen === undefined) await under.reopen();
        await check();
      },
    );

    it('makes queued and later appends reject, while reads go on', async () => {
      const make = new EventSequence();
      await under.append(make.graph(), make.submitted('a'));
      const good = under.append(make.submitted('b'));
      const bad = under.append({ ...make.submitted('gap'), seq: 99 });
      const queued = under.append(make.submitted('c'));
      const outcomes = await Promise.allSettled([good, bad, queued]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      await expect(under.append({ ...make.submitted('later'), seq: 4 })).rejects.toMatchObject({ code: 'unavailable' });
      expect((await under.list()).map(({ id }) => id)).toEqual(['b', 'a']);
    });

    itWith(options, 'reopen')('is over when the store is opened again', async () => {
      const make = new EventSequence();
      await under.append(make.graph());
      await expect(under.append({ ...make.submitted('gap'), seq: 99 })).rejects.toMatchObject({ code: 'unavailable' });
      await under.reopen();
      expect(under.opened.lastSeq).toBe(1);
      await under.append({ ...make.submitted('a'), seq: 2 });
      expect((await under.get('a'))?.status).toBe('pending');
    });
  });
}

function deepFreeze<T extends object>(value: T): T {
  for (const item of Object.values(value)) if (typeof item === 'object' && item !== null) deepFreeze(item);
  return Object.freeze(value);
}
