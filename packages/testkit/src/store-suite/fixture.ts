import {
  type EventQuery,
  ExecGoError,
  type OpenedStore,
  type ReceiptRetention,
  type Task,
  type TaskEvent,
  type TaskQuery,
  type TaskStore,
} from '@execgo/core';
import { afterEach, beforeEach, it } from 'vitest';

/** What a test asks of the store that it is given. */
export interface StoreSettings {
  readonly receipts?: ReceiptRetention;
  /** Keep as few events as this driver can be told to, so that a few hundred kilobytes of them drop the first ones. */
  readonly fewEvents?: boolean;
}

/** The place of one store: a folder, a database, a variable. */
export interface StoreFixture {
  /** A store over this place, not yet open. Called again after a close, it finds what the one before left. */
  connect(settings: StoreSettings): TaskStore;
  /** Removes the place, after every store over it was closed. */
  dispose?(): void | Promise<void>;
}

/**
 * What a driver may lack:
 * `reopen` a store connected anew finds what an earlier one held ·
 * `exclusive` a second store over the same place is refused while the first is open ·
 * `unique-id` every new store has a name of its own ·
 * `event-retention` old events are dropped.
 */
export type StoreCapability = 'reopen' | 'exclusive' | 'unique-id' | 'event-retention';

export interface StoreSuiteOptions {
  /** A fresh and empty place, for one test. */
  readonly makeFixture: () => StoreFixture | Promise<StoreFixture>;
  /** What this driver lacks, each with the reason, which is shown beside the skipped tests. */
  readonly skip?: Readonly<Partial<Record<StoreCapability, string>>>;
}

/** The open store of the test that runs now. */
export interface StoreUnderTest {
  readonly store: TaskStore;
  readonly opened: OpenedStore;
  readonly fixture: StoreFixture;
  /** Appends and waits. */
  append(...events: readonly TaskEvent[]): Promise<void>;
  /** Closes the store and opens it again over the same place. */
  reopen(): Promise<TaskStore>;
  get(id: string): Promise<Task | undefined>;
  list(query?: TaskQuery): Promise<readonly Task[]>;
  events(query?: EventQuery): Promise<readonly TaskEvent[]>;
  unfinished(): Promise<readonly Task[]>;
}

/** Gives each test of the enclosing `describe` a fresh store, open, and takes it away again. */
export function useStore(options: StoreSuiteOptions, settings: StoreSettings = {}): StoreUnderTest {
  let current: { fixture: StoreFixture; store: TaskStore; opened: OpenedStore } | undefined;
  const now = () => {
    if (current === undefined) throw new ExecGoError('internal', 'no test is running');
    return current;
  };
  const connect = async (fixture: StoreFixture) => {
    const store = fixture.connect(settings);
    current = { fixture, store, opened: await store.open() };
    return store;
  };
  beforeEach(async () => {
    await connect(await options.makeFixture());
  });
  afterEach(async () => {
    const { fixture, store } = current ?? {};
    current = undefined;
    await store?.close();
    await fixture?.dispose?.();
  });
  return {
    get store() {
      return now().store;
    },
    get opened() {
      return now().opened;
    },
    get fixture() {
      return now().fixture;
    },
    append: (...events) => now().store.append(events),
    reopen: async () => {
      const { fixture, store } = now();
      await store.close();
      return connect(fixture);
    },
    get: async (id) => (await now().store.getMany([id]))[0],
    list: async (query = {}) => (await now().store.list(query)).tasks,
    events: (query = {}) => collect(now().store.events(query)),
    unfinished: async () => (await collect(now().store.unfinished())).flat(),
  };
}

/** `it`, or a skip that says why, for a test that needs a capability. */
export function itWith(options: StoreSuiteOptions, capability: StoreCapability) {
  const reason = options.skip?.[capability];
  return reason === undefined
    ? it
    : (name: string, _test: () => Promise<void>) => it.skip(`${name} (skipped: ${reason})`);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
