import { randomUUID } from 'node:crypto';
import type {
  EventQuery,
  FinishedPage,
  FinishedQuery,
  OpenedStore,
  Receipt,
  Task,
  TaskEvent,
  TaskPage,
  TaskQuery,
  TaskStore,
} from '@execgo/core';
import { CacheIndex, type Fill } from './cache-index.js';
import { decodeTask, encodeTask } from './cached-task.js';
import { Change } from './change.js';
import { type CachedStoreOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { type Connect, connectTo } from './redis-connection.js';
import { RedisLink } from './redis-link.js';
import { addressOf } from './redis-url.js';

/** What the cache did since it was made. Tasks are counted, not calls. */
export interface CacheStats {
  /** `down`: Redis is not asked, everything is read from the store. */
  readonly state: 'up' | 'down';
  /** Tasks answered from Redis. */
  readonly hits: number;
  /** Tasks that could have been in the cache and were not. */
  readonly misses: number;
  /** Commands that failed or were late, and values that could not be used. */
  readonly errors: number;
  /** Tasks read from the store because the cache must not be asked: Redis is down, they are being changed, there are too many of them. */
  readonly bypassed: number;
}

export interface CachedStore extends TaskStore {
  /** `host:port` of Redis, without a secret. */
  readonly address: string;
  stats(): CacheStats;
}

/**
 * A store whose finished tasks are read from Redis, as far as they are there; everything else goes to the store that it is made
 * of. Whatever Redis does, each answer is one that the store itself could have given during the call.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export function createCachedStore(options: CachedStoreOptions): CachedStore {
  const resolved = resolveOptions(options);
  return new RedisCachedStore(resolved, connectTo(resolved.target));
}

export class RedisCachedStore implements CachedStore {
  readonly address: string;
  private readonly inner: TaskStore;
  private readonly link: RedisLink;
  /** Part of every key: what an earlier life of this or another store left is never met. */
  private readonly generation = randomUUID();
  /** The store is closed, or has refused an append: what it holds is then for itself to say. */
  private off = true;
  private hits = 0;
  private misses = 0;
  private errors = 0;
  private bypassed = 0;

  constructor(
    private readonly options: ResolvedOptions,
    connect: Connect,
    private readonly index = new CacheIndex(options),
  ) {
    this.inner = options.store;
    this.address = addressOf(options.target);
    this.link = new RedisLink({ ...options, connect, address: this.address, onLost: () => this.index.clear() });
  }

  async open(): Promise<OpenedStore> {
    const opened = await this.inner.open();
    this.index.clear();
    await this.link.start();
    this.off = false;
    return opened;
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    const change = new Change(events);
    this.remove(this.index.beginChange(change));
    const appended = this.inner.append(events);
    // Whoever awaits the append comes after this, since this asked first.
    appended.then(
      () => this.index.endChange(change),
      () => {
        this.off = true;
        this.index.endChange(change);
        this.index.clear();
      },
    );
    return appended;
  }

  getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    if (!this.off && this.link.isUp && ids.length <= this.options.maxIdsPerRead) return this.read(ids);
    this.bypassed += ids.length;
    return this.inner.getMany(ids);
  }

  list(query: TaskQuery): Promise<TaskPage> {
    return this.inner.list(query);
  }

  events(query: EventQuery): AsyncIterable<TaskEvent> {
    return this.inner.events(query);
  }

  unfinished(): AsyncIterable<readonly Task[]> {
    return this.inner.unfinished();
  }

  finished(query: FinishedQuery): Promise<FinishedPage> {
    return this.inner.finished(query);
  }

  receipt(key: string): Promise<Receipt | undefined> {
    return this.inner.receipt(key);
  }

  async close(): Promise<void> {
    this.off = true;
    this.link.stop();
    this.index.clear();
    await this.inner.close();
  }

  stats(): CacheStats {
    const { hits, misses, errors, bypassed } = this;
    return { state: this.link.isUp ? 'up' : 'down', hits, misses, errors, bypassed };
  }

  private async read(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const cached = await this.fromCache(ids);
    if (cached.size === 0) return this.fromStore(ids);
    const missing = ids.filter((id) => !cached.has(id));
    const read = missing.length === 0 ? [] : await this.fromStore(missing);
    for (const [id, { entry }] of cached) {
      if (this.index.entryOf(id) === entry) continue;
      // One of them has changed since: an answer put together now could show an append in part.
      this.bypassed += cached.size;
      return this.inner.getMany(ids);
    }
    this.hits += ids.length - missing.length;
    let at = 0;
    return ids.map((id) => {
      const hit = cached.get(id);
      if (hit !== undefined) return hit.task;
      at += 1;
      return read[at - 1];
    });
  }

  /** What Redis holds of these tasks. The caller looks whether it still counts when it uses it. */
  private async fromCache(ids: readonly string[]): Promise<ReadonlyMap<string, { entry: number; task: Task }>> {
    const known: { id: string; entry: number }[] = [];
    for (const id of ids) {
      const entry = this.index.entryOf(id);
      if (entry !== undefined) known.push({ id, entry });
    }
    const found = new Map<string, { entry: number; task: Task }>();
    if (known.length === 0) return found;
    const keys = known.map(({ entry }) => this.keyOf(entry));
    const texts = await this.link.run((redis) => redis.get(keys)).catch(() => undefined);
    if (texts === undefined) this.errors += 1;
    for (const [at, { id, entry }] of known.entries()) {
      const text = texts?.[at];
      const task = typeof text === 'string' ? decodeTask(text, this.keyOf(entry), id) : undefined;
      if (task !== undefined) found.set(id, { entry, task });
      else this.index.forget(id, entry);
      if (typeof text === 'string' && task === undefined) this.errors += 1;
    }
    return found;
  }

  private async fromStore(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const fills = ids.map((id) => {
      if (this.index.isChanging(id)) this.bypassed += 1;
      else this.misses += 1;
      return this.index.beginFill(id);
    });
    let tasks: readonly (Task | undefined)[];
    try {
      tasks = await this.inner.getMany(ids);
    } catch (error) {
      for (const fill of fills) if (fill !== undefined) this.index.dropFill(fill);
      throw error;
    }
    for (const [at, fill] of fills.entries()) if (fill !== undefined) this.fill(fill, tasks[at]);
    return tasks;
  }

  /** Nobody waits for it: until Redis has said that it has the value, nobody asks for it either. */
  private fill(fill: Fill, task: Task | undefined): void {
    const { maxValueBytes, ttlSec } = this.options;
    const key = this.keyOf(fill.entry);
    const isWanted = task !== undefined && this.link.isUp && this.index.isCurrent(fill);
    const text = isWanted ? encodeTask(task, key, maxValueBytes) : undefined;
    if (text === undefined) {
      this.index.dropFill(fill);
      return;
    }
    this.link
      .run((redis) => redis.set(key, text, ttlSec))
      .then(
        () => {
          if (!this.index.endFill(fill)) this.remove([fill.entry]);
        },
        () => {
          this.errors += 1;
          this.index.dropFill(fill);
        },
      );
  }

  /** Frees what nobody can ask for any more. Where it does not get through, the time to live does it. */
  private remove(entries: readonly number[]): void {
    if (entries.length === 0 || !this.link.isUp) return;
    const keys = entries.map((entry) => this.keyOf(entry));
    this.link
      .run((redis) => redis.remove(keys))
      .catch(() => {
        this.errors += 1;
      });
  }

  private keyOf(entry: number): string {
    return `${this.options.keyPrefix}task:${this.generation}:${entry}`;
  }
}
