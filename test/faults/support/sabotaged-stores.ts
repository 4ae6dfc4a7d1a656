import type { Task, TaskEvent, TaskStore } from '@execgo/core';
import { createJsonFileStore, type DataFile, type FileSystem, nodeFileSystem } from '@execgo/store-jsonfile';
import { storeNamed } from './stores.js';

/*
 * Stores of which one protection was taken away, so that a proof shows that it would notice: each of them must be found
 * out. Their names are `<store> that <does what>`.
 */

const LATER_MS = 5;

type Sabotage = (store: TaskStore) => TaskStore;

const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  'acknowledges before the append resolves': (store) =>
    changed(store, {
      append: (events) => {
        store.append(events).catch(swallowed);
        return nextTurn();
      },
    }),
  'shows at once what it appends later': (store) => {
    const shown = new Map<string, TaskEvent>();
    return changed(store, {
      append: async (events) => {
        for (const event of events) if (event.type === 'task_succeeded') shown.set(event.task_id, event);
        // Timers of one length keep their order, and so do the seqs.
        await new Promise((resolve) => setTimeout(resolve, LATER_MS));
        await store.append(events);
      },
      getMany: async (ids) => {
        const tasks = await store.getMany(ids);
        return tasks.map((task, at) => (shown.has(ids[at] ?? '') ? seenAsSucceeded(task) : task));
      },
    });
  },
  'appends event by event': (store) => {
    let last: Promise<unknown> = Promise.resolve();
    return changed(store, {
      append: async (events) => {
        for (const event of events) last = last.then(() => store.append([event]));
        await last;
      },
    });
  },
};

/** Stores over a disk that does not do what it says, where a store can be given a disk. */
const OVER_BAD_DISKS: Readonly<Record<string, (directory: string) => TaskStore>> = {
  'jsonfile that tries a flush again': (directory) =>
    createJsonFileStore({
      directory,
      fileSystem: overDisk((file) => ({
        flush: () => file.flush().catch(() => file.flush()),
        flushSync: () => {
          try {
            file.flushSync();
          } catch {
            file.flushSync();
          }
        },
      })),
    }),
};

/** A store by the name of a row of `STORES`, as it is or sabotaged. */
export function createStore(name: string, directory: string, isLarge = false): TaskStore {
  const bad = OVER_BAD_DISKS[name];
  if (bad !== undefined) return bad(directory);
  const [row = '', how] = name.split(' that ');
  const { create, createLarge } = storeNamed(row);
  const store = (isLarge ? createLarge : create)(directory);
  if (how === undefined) return store;
  const sabotage = SABOTAGES[how];
  if (sabotage === undefined) throw new RangeError(`no such sabotage: ${how}`);
  return sabotage(store);
}

type Changes = Partial<Pick<TaskStore, 'append' | 'getMany'>>;

function changed(store: TaskStore, changes: Changes): TaskStore {
  return {
    open: () => store.open(),
    append: (events) => store.append(events),
    getMany: (ids) => store.getMany(ids),
    list: (query) => store.list(query),
    events: (query) => store.events(query),
    unfinished: () => store.unfinished(),
    finished: (query) => store.finished(query),
    receipt: (key) => store.receipt(key),
    close: () => store.close(),
    ...changes,
  };
}

type Flushes = Pick<DataFile, 'flush' | 'flushSync'>;

function overDisk(flushesOf: (file: DataFile) => Flushes): FileSystem {
  return {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      return {
        path: file.path,
        read: (into, at) => file.read(into, at),
        write: (bytes, at) => file.write(bytes, at),
        writeSync: (bytes, at) => file.writeSync(bytes, at),
        sync: () => file.sync(),
        size: () => file.size(),
        truncate: (size) => file.truncate(size),
        truncateSync: (size) => file.truncateSync(size),
        close: () => file.close(),
        ...flushesOf(file),
      };
    },
  };
}

function seenAsSucceeded(task: Task | undefined): Task | undefined {
  return task === undefined ? undefined : Object.assign(Object.create(task), { status: 'success' });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** It is what the sabotage consists of. */
function swallowed(): void {}
