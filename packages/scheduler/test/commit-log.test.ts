import { ExecGoError, isExecGoError, MemoryStore, type TaskEvent, type TaskStore } from '@execgo/core';
import { type Deferred, deferred, EventSequence, FakeClock } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { CommitLog } from '../src/commit-log.js';

/** A store whose appends become durable when, and in the order, the test says. */
class AnyOrderStore extends MemoryStore {
  readonly appends: { readonly seqs: readonly number[]; readonly done: Deferred<void> }[] = [];

  override append(events: readonly TaskEvent[]): Promise<void> {
    const done = deferred();
    this.appends.push({ seqs: events.map(({ seq }) => seq), done });
    return done.promise;
  }
}

function setUp<Store extends TaskStore = AnyOrderStore>(store: Store = new AnyOrderStore() as unknown as Store) {
  const clock = new FakeClock({ turns: 'manual' });
  const published: (readonly number[])[] = [];
  const failures: unknown[] = [];
  const make = new EventSequence();
  const log = new CommitLog({
    store,
    clock,
    lazyDelayMs: 20,
    publish: (batch) => published.push(batch.events.map(({ seq }) => seq)),
    onFailure: (error) => failures.push(error),
  });
  /** One event of so many bytes. */
  const add = (lazy = false, bytes = 100) => {
    log.nextSeq();
    log.add(make.submitted('a'), undefined, bytes, lazy);
  };
  return { clock, store, log, add, published, failures };
}

/** Lets promises settle without a turn of the clock. */
const microtasks = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('CommitLog', () => {
  it('makes the events of one turn one append', async () => {
    const { clock, store, add } = setUp();
    add();
    add();
    expect(store.appends).toEqual([]);
    clock.runTurn();
    add();
    clock.runTurn();
    expect(store.appends.map(({ seqs }) => seqs)).toEqual([[1, 2], [3]]);
  });

  it('lets appends overlap, and publishes in order even when a store tells of them out of order', async () => {
    const { clock, store, log, add, published } = setUp();
    for (let batch = 0; batch < 3; batch += 1) {
      add();
      clock.runTurn();
    }
    expect(store.appends).toHaveLength(3);
    store.appends[2]?.done.resolve();
    store.appends[1]?.done.resolve();
    await microtasks();
    expect(published).toEqual([]);
    expect(log.uncommittedBytes).toBe(300);
    store.appends[0]?.done.resolve();
    await microtasks();
    expect(published).toEqual([[1], [2], [3]]);
    expect(log.uncommittedBytes).toBe(0);
  });

  it('durable waits for everything added so far, and not for what comes later', async () => {
    const { clock, store, log, add, published } = setUp();
    add();
    clock.runTurn();
    add();
    let publishedThen: unknown;
    const durable = log.durable().then(() => {
      publishedThen = published.slice();
    });
    clock.runTurn();
    add();
    clock.runTurn();
    store.appends[0]?.done.resolve();
    await microtasks();
    expect(publishedThen).toBeUndefined();
    store.appends[1]?.done.resolve();
    await durable;
    expect(publishedThen).toEqual([[1], [2]]);
  });

  it('durable resolves at once when nothing is open', async () => {
    const { clock, store, log, add } = setUp();
    await log.durable();
    add();
    clock.runTurn();
    store.appends[0]?.done.resolve();
    await microtasks();
    await log.durable();
  });

  it('an event nobody waits for rides the next append', async () => {
    const { clock, store, add } = setUp();
    add(true);
    expect(clock.runTurn()).toBe(0);
    add();
    clock.runTurn();
    expect(store.appends.map(({ seqs }) => seqs)).toEqual([[1, 2]]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('an event nobody waits for is appended on its own after 20 ms at the latest', async () => {
    const { clock, store, add } = setUp();
    add(true);
    await clock.advance(10);
    add(true);
    await clock.advance(9.9);
    expect(store.appends).toEqual([]);
    await clock.advance(0.1);
    expect(store.appends.map(({ seqs }) => seqs)).toEqual([[1, 2]]);
  });

  it('whoever waits for a lazy event does not wait out its delay', () => {
    const { clock, store, log, add } = setUp();
    add(true);
    void log.durable();
    clock.runTurn();
    expect(store.appends).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on after the newest seq of the store', async () => {
    const store = new MemoryStore();
    await store.open();
    const { clock, log, add } = setUp(store);
    log.startAfter(0);
    add();
    clock.runTurn();
    await log.durable();
    log.startAfter(41);
    expect(log.nextSeq()).toBe(42);
  });

  it('a refused append ends it: told once, every waiter refused, nothing appended or published after it', async () => {
    const { clock, store, log, add, published, failures } = setUp();
    add();
    const first = log.durable();
    clock.runTurn();
    add();
    const second = log.durable();
    clock.runTurn();
    add();
    const third = log.durable();
    const outcomes = Promise.allSettled([first, second, third]);
    store.appends[1]?.done.reject(new Error('disk full'));
    await microtasks();
    store.appends[0]?.done.resolve();
    for (const outcome of await outcomes) {
      expect(outcome.status).toBe('rejected');
      expect(isExecGoError((outcome as PromiseRejectedResult).reason, 'unavailable')).toBe(true);
    }
    add();
    clock.runTurn();
    await expect(log.durable()).rejects.toThrow('the store refused to write: disk full');
    expect(store.appends).toHaveLength(2);
    expect(published).toEqual([]);
    expect(failures).toHaveLength(1);
  });

  it('when it is closed, nothing is appended any more, who waits is told why, and nobody is told of a failure', async () => {
    const { clock, store, log, add, failures } = setUp();
    add(true);
    const waiting = log.durable();
    log.close(new ExecGoError('unavailable', 'over'));
    await expect(waiting).rejects.toThrow('over');
    add();
    clock.runTurn();
    await expect(log.durable()).rejects.toThrow('over');
    expect(store.appends).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    expect(failures).toEqual([]);
  });
});
