import { MemoryStore, type Task, type TaskEvent, type TaskStore } from '@execgo/core';
import { cutAnywhere, FakeClock, foldEvents, legalEvents, seededRandom } from '@execgo/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CacheIndex } from '../src/cache-index.js';
import { RedisCachedStore } from '../src/cached-store.js';
import { resolveOptions } from '../src/options.js';
import { CarelessIndex, LateFillIndex } from './support/careless-index.js';
import { FakeRedis } from './support/fake-redis.js';

const IDS = ['t0', 't1', 't2'];
type MakeIndex = (limits: { maxEntries: number; maxPendingFills: number }) => CacheIndex;

/** What a test does beside the appends: a read of these tasks, or something that happens to Redis. */
type Act = { readonly read: readonly string[] } | { readonly trouble: 'cut' | 'empty' | 'save' | 'restore' | 'deaf' };

const scenario = fc.record({
  appends: legalEvents({ maxEvents: 50, maxTasks: IDS.length }).chain(cutAnywhere),
  acts: fc.array(
    fc.oneof(
      { weight: 30, arbitrary: fc.subarray(IDS, { minLength: 1 }).map((read): Act => ({ read })) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom<'cut' | 'empty' | 'save' | 'restore' | 'deaf'>('cut', 'empty', 'save', 'restore', 'deaf')
          .map((trouble): Act => ({ trouble })),
      },
    ),
    { minLength: 50, maxLength: 200 },
  ),
  /** Which of what waits goes on next. */
  seed: fc.integer(),
});

/** Everything that waits, in the hands of the test: it goes on in an order that the random numbers give. */
class Interleaver {
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly random: () => number) {}

  step = (): Promise<void> => new Promise((resolve) => void this.waiting.push(resolve));

  get isIdle(): boolean {
    return this.waiting.length === 0;
  }

  go(): void {
    const [next] = this.waiting.splice(this.pick(this.waiting.length), 1);
    next?.();
  }

  pick(among: number): number {
    return Math.floor(this.random() * among);
  }
}

/** The store, with a pause before and after whatever it does: reads and appends are slow, and see the state at one moment. */
function paused(inner: MemoryStore, step: () => Promise<void>, onDurable: () => void): TaskStore {
  let last = Promise.resolve();
  const replaced: Partial<TaskStore> = {
    getMany: async (ids) => {
      await step();
      const found = await inner.getMany(ids);
      await step();
      return found;
    },
    append: (events) => {
      const mine = last.then(async () => {
        await step();
        await inner.append(events);
        onDurable();
        await step();
      });
      last = mine;
      return mine;
    },
  };
  return new Proxy(inner, {
    get: (target, name: keyof TaskStore) => replaced[name] ?? target[name].bind(target as never),
  });
}

/** @returns the reads that no state of the store between their call and their end can explain */
async function wrongReads(
  appends: readonly (readonly TaskEvent[])[],
  acts: readonly Act[],
  seed: number,
  makeIndex: MakeIndex,
): Promise<{ wrong: readonly string[]; hits: number }> {
  const interleaver = new Interleaver(seededRandom(seed));
  const redis = new FakeRedis();
  const clock = new FakeClock();
  const inner = new MemoryStore();
  const states: ReadonlyMap<string, Task>[] = [new Map()];
  const durable: TaskEvent[] = [];
  let [begun, resolved, reading] = [0, 0, 0];
  const store = paused(inner, interleaver.step, () => {
    durable.push(...(appends[states.length - 1] ?? []));
    states.push(foldEvents(durable));
  });
  const options = resolveOptions({ store, url: 'redis://x', clock, onWarning: () => {}, probeMinMs: 1, probeMaxMs: 1 });
  const cached = new RedisCachedStore(options, redis.connect, makeIndex(options));
  await cached.open();
  redis.pause = interleaver.step;

  const wrong: string[] = [];
  const read = async (ids: readonly string[]) => {
    const from = resolved;
    reading += 1;
    const found = await cached.getMany(ids);
    reading -= 1;
    const to = states.length - 1;
    const explains = (state: ReadonlyMap<string, Task>) =>
      ids.every((id, at) => JSON.stringify(state.get(id)) === JSON.stringify(found[at]));
    if (!states.slice(from, to + 1).some(explains)) {
      wrong.push(`${ids} at ${from}..${to}: ${found.map((task) => `${task?.status} ${task?.last_seq}`)}`);
    }
  };
  let saved = new Map<string, string>();
  const trouble = {
    cut: () => redis.cut(),
    empty: () => redis.data.clear(),
    save: () => {
      saved = new Map(redis.data);
    },
    restore: () => {
      redis.cut();
      for (const [key, value] of saved) redis.data.set(key, value);
    },
    deaf: () => {
      redis.fails =
        redis.fails('get') === undefined ? (command) => (command === 'remove' ? 'lost' : undefined) : () => undefined;
    },
  };

  const todo = [...acts];
  while (resolved < appends.length || todo.length > 0 || reading > 0) {
    const choice = interleaver.pick(12);
    if (choice === 0 && begun < appends.length) {
      begun += 1;
      void cached.append(appends[begun - 1] as readonly TaskEvent[]).then(() => {
        resolved += 1;
      });
    } else if (choice < 4 && todo.length > 0) {
      const act = todo.shift() as Act;
      if ('read' in act) void read(act.read);
      else trouble[act.trouble]();
    } else if (!interleaver.isIdle) {
      interleaver.go();
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (cached.stats().state === 'down' && interleaver.pick(4) === 0) await clock.advance(1);
  }
  const { hits } = cached.stats();
  await cached.close();
  return { wrong, hits };
}

const RUNS = 300;

it('whatever the order of events, each read is one state of the store between its call and its end (300 random courses)', async () => {
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ appends, acts, seed }) => {
      const found = await wrongReads(appends, acts, seed, (limits) => new CacheIndex(limits));
      hits += found.hits;
      expect(found.wrong).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  expect(hits).toBeGreaterThan(RUNS / 2);
});

it.each([
  ['forgets nothing', CarelessIndex],
  ['lets late fills in', LateFillIndex],
])('control: an index that %s is found out by the same courses', async (_, Index) => {
  const details = await fc.check(
    fc.asyncProperty(scenario, async ({ appends, acts, seed }) => {
      const found = await wrongReads(appends, acts, seed, (limits) => new Index(limits));
      return found.wrong.length === 0;
    }),
    { numRuns: RUNS * 5, endOnFailure: true },
  );
  expect(details.failed).toBe(true);
});
