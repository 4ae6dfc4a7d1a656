import { MemoryStore, type Task, type TaskStore } from '@execgo/core';
import { EventSequence } from '@execgo/testkit';
import { onTestFinished } from 'vitest';
import { CacheIndex } from '../../src/cache-index.js';
import { RedisCachedStore } from '../../src/cached-store.js';
import { type CachedStoreOptions, resolveOptions } from '../../src/options.js';
import type { Connect } from '../../src/redis-connection.js';

export interface MadeStore {
  readonly inner: TaskStore;
  readonly store: RedisCachedStore;
  readonly warnings: string[];
  readonly make: EventSequence;
  get(id: string): Promise<Task | undefined>;
  /** A task from submission to success, in one append. */
  finish(id: string, result: number): Promise<void>;
}

/** A cached store over a connection of the test's own; closed when the test ends. */
export function makeStore(
  connect: Connect,
  options: Partial<CachedStoreOptions> = {},
  makeIndex: (limits: { maxEntries: number; maxPendingFills: number }) => CacheIndex = (limits) =>
    new CacheIndex(limits),
): MadeStore {
  const inner = options.store ?? new MemoryStore();
  const warnings: string[] = [];
  const resolved = resolveOptions({
    url: 'redis://cache.example',
    // No command is late unless a test says so.
    commandTimeoutMs: 60_000,
    onWarning: (message) => warnings.push(message),
    ...options,
    store: inner,
  });
  const store = new RedisCachedStore(resolved, connect, makeIndex(resolved));
  onTestFinished(() => store.close());
  const make = new EventSequence();
  return {
    inner,
    store,
    warnings,
    make,
    get: async (id) => (await store.getMany([id]))[0],
    finish: (id, result) => store.append([make.submitted(id), make.started(id), make.succeeded(id, result)]),
  };
}

/** Lets everything that is under way in this process come to its end, as far as it waits for nobody. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
