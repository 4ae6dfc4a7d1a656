import { MemoryStore, type TaskStore } from '@execgo/core';
import { EventSequence, type RedisServer, seededRandom, startRedisServer, until } from '@execgo/testkit';
import { CacheIndex } from '../../src/cache-index.js';
import { RedisCachedStore } from '../../src/cached-store.js';
import { resolveOptions } from '../../src/options.js';
import { connectTo } from '../../src/redis-connection.js';
import { parseRedisUrl } from '../../src/redis-url.js';
import { RedisProxy } from './redis-proxy.js';

export interface HammerOptions {
  /** How often Redis is put through everything. */
  readonly rounds: number;
  readonly readers: number;
  readonly tasks: number;
  /** Further arguments of `redis-server`. */
  readonly redisArgs?: readonly string[];
  /** Another index than the product's: one that need not send removals. */
  readonly makeIndex?: (limits: { maxEntries: number; maxPendingFills: number }) => CacheIndex;
}

export interface HammerReport {
  readonly reads: number;
  readonly hits: number;
  readonly appends: number;
  readonly outages: number;
  /** Reads that no state between the last append resolved before and the last one called can explain. */
  readonly wrong: readonly string[];
}

/** A state that a task came to: `absent` after its deletion. */
interface State {
  readonly seq: number;
  readonly absent: boolean;
}

const WAIT_MS = 40_000;
const APPEND_EVERY_MS = 2;

/**
 * One writer and many readers over a store behind a real Redis, behind a network that fails; every read is checked against what
 * was appended. Redis is paused, killed, restarted empty and with old data, cut off, made slow; its removals are lost.
 */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  const redis = await startRedisServer(options.redisArgs);
  const proxy = await RedisProxy.start(redis.port);
  let outages = 0;
  const resolved = resolveOptions({
    store: unhurried(new MemoryStore()),
    url: proxy.url,
    probeMinMs: 20,
    probeMaxMs: 20,
    onWarning: () => {
      outages += 1;
    },
  });
  const index = options.makeIndex?.(resolved) ?? new CacheIndex(resolved);
  const store = new RedisCachedStore(resolved, connectTo(parseRedisUrl(proxy.url)), index);
  try {
    await store.open();
    const checker = new Checker(store, options.tasks);
    const running = [checker.write(), ...Array.from({ length: options.readers }, (_, at) => checker.read(at))];
    try {
      for (let round = 0; round < options.rounds; round += 1)
        await putThrough(store, redis, proxy, options.makeIndex === undefined);
    } finally {
      checker.done = true;
      await Promise.all(running);
    }
    const { reads, appends, wrong } = checker;
    return { reads, appends, wrong, outages, hits: store.stats().hits };
  } finally {
    await store.close();
    await proxy.stop();
    await redis.stop();
  }
}

async function putThrough(
  store: RedisCachedStore,
  redis: RedisServer,
  proxy: RedisProxy,
  sendsRemovals: boolean,
): Promise<void> {
  const is = (state: 'up' | 'down') => until(() => store.stats().state === state, WAIT_MS);
  const hits = async (more: number) => {
    await is('up');
    const enough = store.stats().hits + more;
    await until(() => store.stats().hits >= enough, WAIT_MS);
  };
  await hits(60);
  redis.pause();
  await is('down');
  redis.resume();

  await hits(60);
  await redis.command('SAVE');
  await hits(60);
  await redis.kill();
  await is('down');
  await redis.restart();

  await hits(60);
  await redis.command('FLUSHALL');
  await hits(60);

  const before = proxy.lost;
  proxy.losesRemovals = true;
  if (sendsRemovals) await until(() => proxy.lost > before, WAIT_MS);
  proxy.losesRemovals = false;

  await hits(60);
  proxy.delayMs = 30;
  await hits(20);
  proxy.delayMs = 0;
  proxy.cut();
  await hits(60);
}

class Checker {
  done = false;
  reads = 0;
  appends = 0;
  readonly wrong: string[] = [];
  private readonly make = new EventSequence();
  private readonly ids: readonly string[];
  /** By task, what it came to, from the newest state that was certain when last looked at. Made known before the append. */
  private readonly states = new Map<string, State[]>();
  private readonly certain = new Map<string, number>();

  constructor(
    private readonly store: TaskStore,
    tasks: number,
  ) {
    this.ids = Array.from({ length: tasks }, (_, at) => `task-${at}`);
    for (const id of this.ids) {
      this.states.set(id, [{ seq: 0, absent: true }]);
      this.certain.set(id, 0);
    }
  }

  async write(): Promise<void> {
    const random = seededRandom(1);
    while (!this.done) {
      const id = this.ids[Math.floor(random() * this.ids.length)] as string;
      const states = this.states.get(id) ?? [];
      const deletes = states.at(-1)?.absent === false && random() < 0.3;
      const events = deletes
        ? [this.make.deleted(id)]
        : [this.make.submitted(id), this.make.started(id), this.make.succeeded(id, this.make.nextSeq)];
      const seq = this.make.nextSeq - 1;
      states.push({ seq, absent: deletes });
      await this.store.append(events);
      this.certain.set(id, seq);
      this.appends += 1;
      // Seldom enough that values are read again before they are replaced, however fast the event loop turns.
      const until = performance.now() + APPEND_EVERY_MS;
      while (performance.now() < until && !this.done) await turn();
    }
  }

  async read(seed: number): Promise<void> {
    const random = seededRandom(seed + 2);
    while (!this.done) {
      const first = Math.floor(random() * this.ids.length);
      const ids = this.ids.slice(first, first + 1 + Math.floor(random() * 3));
      const certain = ids.map((id) => this.certain.get(id) ?? 0);
      const found = await this.store.getMany(ids);
      this.reads += ids.length;
      for (const [at, id] of ids.entries()) {
        const task = found[at];
        const explains = ({ seq, absent }: State) =>
          seq >= (certain[at] ?? 0) &&
          (task === undefined ? absent : !absent && task.result === seq && task.last_seq === seq);
        if (!this.states.get(id)?.some(explains)) {
          this.wrong.push(`${id}: at least ${certain[at]} expected, ${task?.last_seq ?? 'nothing'} read`);
        }
      }
      await turn();
    }
  }
}

/** A store whose reads take their time before and after they see the state, as those of a real one do. */
function unhurried(inner: MemoryStore): TaskStore {
  const getMany: TaskStore['getMany'] = async (ids) => {
    await turn();
    const found = await inner.getMany(ids);
    await turn();
    return found;
  };
  return new Proxy(inner, {
    get: (target, name: keyof TaskStore) => (name === 'getMany' ? getMany : target[name].bind(target as never)),
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
