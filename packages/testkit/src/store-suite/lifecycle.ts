import { expect, it } from 'vitest';
import { EventSequence, failure } from '../event-sequence.js';
import { collect, itWith, type StoreSuiteOptions, useStore } from './fixture.js';

export function lifecycle(options: StoreSuiteOptions): void {
  const under = useStore(options);

  it('a new store is empty: seq 0, no event, no task', async () => {
    expect(under.opened).toMatchObject({ firstSeq: 1, lastSeq: 0 });
    expect(under.opened.storeId).toMatch(/\S/);
    expect(await under.store.list({})).toEqual({ tasks: [] });
    expect(await under.events()).toEqual([]);
    expect(await under.unfinished()).toEqual([]);
    expect(await under.get('a')).toBeUndefined();
  });

  it('close is safe to call twice', async () => {
    await under.store.close();
    await under.store.close();
  });

  it('two closes at once both end', async () => {
    await Promise.all([under.store.close(), under.store.close()]);
  });

  it('an append after close is refused as unavailable', async () => {
    await under.store.close();
    await expect(under.append(new EventSequence().graph())).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('an append before open is refused as unavailable', async () => {
    await under.store.close();
    const unopened = under.fixture.connect({});
    await expect(unopened.append([new EventSequence().graph()])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('close flushes what was appended and not awaited', async () => {
    const make = new EventSequence();
    const pending = [under.append(make.graph()), under.append(make.submitted('a')), under.append(make.submitted('b'))];
    await under.store.close();
    const outcomes = await Promise.allSettled(pending);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });

  itWith(options, 'reopen')('what was appended without waiting before a close is there after it', async () => {
    const make = new EventSequence();
    const pending = [under.append(make.graph()), under.append(make.submitted('a'), make.submitted('b'))];
    await under.reopen();
    await Promise.all(pending);
    expect((await under.list()).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  itWith(options, 'reopen')(
    'open tells the seqs of the oldest and of the newest event, and the same store id',
    async () => {
      const make = new EventSequence();
      const { storeId } = under.opened;
      await under.append(make.graph(), make.submitted('a'), make.submitted('b'));
      await under.reopen();
      expect(under.opened).toEqual({ storeId, firstSeq: 1, lastSeq: 3 });
    },
  );

  itWith(options, 'reopen')('tasks, their states, events and receipts survive a reopen, and another one', async () => {
    const make = new EventSequence();
    const receipt = { key: 'k', digest: 'd', task_ids: ['a', 'b', 'c'] };
    await under.append(make.graph('g', { receipt }), make.submitted('a'), make.submitted('b'), make.submitted('c'));
    await under.append(make.started('a'), make.succeeded('a', { deep: [1, { x: null }] }));
    await under.append(make.started('b'), make.failed('b', failure('timeout')), make.skipped('c', 'b'));
    const [tasks, events] = [await under.list(), await under.events()];
    for (let round = 0; round < 2; round += 1) {
      await under.reopen();
      expect(await under.list()).toEqual(tasks);
      expect(await under.events()).toEqual(events);
      expect(await under.store.receipt('k')).toMatchObject({ graph_id: 'g', digest: 'd', task_ids: ['a', 'b', 'c'] });
    }
  });

  itWith(options, 'reopen')('appends go on with the next seq after a reopen', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'));
    await under.reopen();
    await under.append(make.started('a'));
    await under.reopen();
    expect((await under.get('a'))?.status).toBe('running');
    expect((await under.events()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  itWith(options, 'reopen')('an empty store survives a reopen as an empty store', async () => {
    const { storeId } = under.opened;
    await under.reopen();
    expect(under.opened).toEqual({ storeId, firstSeq: 1, lastSeq: 0 });
  });

  itWith(options, 'exclusive')(
    'a second store over the same place is refused while the first is open, and let in after',
    async () => {
      const second = under.fixture.connect({});
      await expect(second.open()).rejects.toMatchObject({ code: 'unavailable' });
      await under.append(new EventSequence().graph());
      await under.store.close();
      expect(await second.open()).toMatchObject({ lastSeq: 1 });
      await second.close();
    },
  );

  itWith(options, 'exclusive')('of two stores opened at once over the same place exactly one gets it', async () => {
    await under.store.close();
    const stores = [under.fixture.connect({}), under.fixture.connect({})];
    const outcomes = await Promise.allSettled(stores.map((store) => store.open()));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all(stores.map((store) => store.close()));
  });

  itWith(options, 'unique-id')('every new store has a name of its own', async () => {
    const other = await options.makeFixture();
    const store = other.connect({});
    const { storeId } = await store.open();
    expect(storeId).not.toBe(under.opened.storeId);
    await store.close();
    await other.dispose?.();
  });

  it('reads under way do not keep a store from closing', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'), make.submitted('b'));
    for await (const event of under.store.events({})) {
      expect(event.seq).toBe(1);
      break;
    }
    for await (const batch of under.store.unfinished()) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await under.append(make.started('a'));
    expect(await collect(under.store.events({ after: 3 }))).toHaveLength(1);
    await under.store.close();
  });
}
