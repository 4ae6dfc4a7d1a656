import type { EventQuery, Task, TaskEvent, TaskQuery, TaskStore } from '@execgo/core';
import { describeStore, MemoryStore, type StoreSettings } from '../src/index.js';

/** What a broken store does otherwise than the sound one it is made of. */
type Break = (sound: MemoryStore, settings: StoreSettings) => Partial<TaskStore>;

/** Stores that each break one promise of the port; the conformance suite must find out about every one. */
const BROKEN: Readonly<Record<string, Break>> = {
  'shows an append before it resolves': (sound) => ({
    append: (events) => sound.append(events).then(nextTurns),
  }),
  'applies the events of an append one by one': (sound) => ({
    append: async (events) => {
      for (const event of events) {
        await nextTurns();
        await sound.append([event]);
      }
    },
  }),
  'resolves appends out of order': (sound) => {
    let calls = 0;
    return { append: (events) => sound.append(events).then(calls++ % 2 === 0 ? nextTurns : undefined) };
  },
  'swallows what it cannot append': (sound) => ({ append: (events) => sound.append(events).catch(() => undefined) }),
  'refuses the wrong append alone': (sound) => {
    let next = 1;
    return {
      append: async (events) => {
        const bad = events.some(({ seq }, at) => seq !== next + at);
        if (bad)
          return sound
            .append([{ ...(events[0] as TaskEvent), seq: -1 }])
            .finally(() => sound.close().then(() => sound.open()));
        next += events.length;
        return sound.append(events);
      },
    };
  },
  'lists the oldest first': (sound) => ({
    list: async (query) => ({ tasks: [...(await sound.list(query)).tasks].reverse() }),
  }),
  'takes no notice of the limit': (sound) => ({ list: ({ limit: _, ...query }) => sound.list(query) }),
  'says that there is a next page when there is none': (sound) => ({
    list: async (query) => {
      const page = await sound.list(query);
      return { next: page.tasks.at(-1)?.submitted_seq ?? 1, ...page };
    },
  }),
  'forgets the filter by status': without('status'),
  'forgets the filter by type': without('type'),
  'forgets the filter by graph': without('graph_id'),
  'forgets the filter by handle': without('handle_id'),
  'forgets the filter by annotations': without('annotations'),
  'forgets where a page begins': without('before'),
  'gives events from the place itself on': (sound) => ({
    events: ({ after, ...query }) =>
      sound.events(after === undefined || after === 0 ? query : { ...query, after: after - 1 }),
  }),
  'takes no notice of the limit of events': (sound) => ({ events: ({ limit: _, ...query }) => sound.events(query) }),
  'mixes the events of all tasks': (sound) => ({ events: ({ task_id: _, ...query }) => sound.events(query) }),
  'mixes the events of all graphs': (sound) => ({ events: ({ graph_id: _, ...query }) => sound.events(query) }),
  'keeps silent about events that are gone': (sound) => ({
    events: async function* (query: EventQuery) {
      const all: TaskEvent[] = [];
      for await (const event of sound.events({})) all.push(event);
      const kept = await firstOf(sound.events(query)).catch(() => undefined);
      yield* kept === undefined ? all : sound.events(query);
    },
  }),
  'resumes finished tasks too': (sound) => ({
    unfinished: async function* () {
      yield [...(await sound.list({})).tasks].reverse();
    },
  }),
  'resumes the newest first': (sound) => ({
    unfinished: async function* () {
      for await (const batch of sound.unfinished()) yield [...batch].reverse();
    },
  }),
  'holds all unfinished tasks in one array': (sound) => ({
    unfinished: async function* () {
      const all: Task[] = [];
      for await (const batch of sound.unfinished()) all.push(...batch);
      if (all.length > 0) yield all;
    },
  }),
  'finds finished tasks by their submission': (sound) => ({
    finished: async (query) => {
      const { tasks, total } = await sound.finished(query);
      return { tasks: [...tasks].sort((a, b) => a.submitted_seq - b.submitted_seq), total };
    },
  }),
  'gives a finished task twice, at the end of a page and at the beginning of the next': (sound) => ({
    finished: ({ after = 0, limit }) => sound.finished({ after: Math.max(0, after - 1), limit }),
  }),
  'gives all finished tasks at once': (sound) => ({
    finished: ({ limit: _, ...query }) => sound.finished({ ...query, limit: Number.POSITIVE_INFINITY }),
  }),
  'counts the page, not the finished tasks': (sound) => ({
    finished: async (query) => {
      const { tasks } = await sound.finished(query);
      return { tasks, total: tasks.length };
    },
  }),
  'finds unfinished tasks among the finished ones': (sound) => ({
    finished: async (query) => {
      const { tasks, total } = await sound.finished(query);
      const running = (await sound.list({ status: 'running' })).tasks;
      const more = running.map(({ id, graph_id, submitted_seq, last_seq, updated_at }) => {
        return { id, graph_id, submitted_seq, last_seq, updated_at };
      });
      const open = more.filter(({ last_seq }) => last_seq > (query.after ?? 0));
      return { tasks: [...tasks, ...open].slice(0, query.limit), total: total + running.length };
    },
  }),
  'forgets that a finished task was deleted': (sound) => {
    let most = 0;
    return {
      finished: async (query) => {
        const page = await sound.finished(query);
        most = Math.max(most, page.total);
        return { ...page, total: most };
      },
    };
  },
  'tells when a finished task was submitted instead of when it ended': (sound) => ({
    finished: async (query) => {
      const page = await sound.finished(query);
      const tasks = await sound.getMany(page.tasks.map(({ id }) => id));
      const dated = page.tasks.map((task, at) => ({ ...task, updated_at: tasks[at]?.created_at ?? 0 }));
      return { ...page, tasks: dated };
    },
  }),
  'takes ids that look alike for the same': (sound) => ({
    getMany: (ids) => sound.getMany(ids.map((id) => id.normalize('NFC'))),
  }),
  'answers getMany in another order': (sound) => ({ getMany: (ids) => sound.getMany([...ids].sort()) }),
  'gives a changing task': (sound) => ({
    getMany: async (ids) => (await sound.getMany(ids)).map((task) => task && Object.create(task)),
  }),
  'has no receipts': () => ({ receipt: async () => undefined }),
  'takes any key for a used one': (sound) => ({
    receipt: async (key) =>
      (await sound.receipt(key)) ?? { graph_id: '', task_ids: [], digest: '', warnings: [], created_at: 0 },
  }),
  'keeps receipts for ever': (sound, settings) => {
    const patient = new MemoryStore();
    if (settings.receipts === undefined) return {};
    return {
      open: () => patient.open().then(() => sound.open()),
      close: () => patient.close().then(() => sound.close()),
      append: (events) => patient.append(events).then(() => sound.append(events)),
      receipt: (key) => patient.receipt(key),
    };
  },
  'drops what was not awaited at close': (sound) => {
    let open = true;
    return {
      append: async (events) => {
        await nextTurns();
        if (open) await sound.append(events);
      },
      close: async () => {
        open = false;
        await sound.close();
      },
    };
  },
  'can be closed only once': (sound) => {
    let closes = 0;
    return {
      close: () => (closes++ > 0 ? Promise.reject(new TypeError('closed')) : sound.close()),
    };
  },
  'tells a wrong last seq': (sound) => ({ open: async () => ({ ...(await sound.open()), lastSeq: 0 }) }),
};

/** How many of them to try, evenly spread; all by default. */
const wanted = Number(process.env.BROKEN_STORES ?? Object.keys(BROKEN).length);
const step = Object.keys(BROKEN).length / wanted;
const chosen = Object.entries(BROKEN).filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));

for (const [name, breaks] of chosen) {
  describeStore(name, {
    makeFixture: () => {
      let store: TaskStore | undefined;
      return {
        connect: (settings) => {
          store ??= breakStore(settings, breaks);
          return store;
        },
      };
    },
    skip: { exclusive: 'held in memory', 'unique-id': 'held in memory' },
  });
}

describeStore('forgets everything at a close', {
  makeFixture: () => ({ connect: () => new MemoryStore() }),
  skip: { exclusive: 'held in memory', 'unique-id': 'held in memory' },
});

function breakStore(settings: StoreSettings, breaks: Break): TaskStore {
  const sound = new MemoryStore({
    ...(settings.receipts !== undefined && { receipts: settings.receipts }),
    ...(settings.fewEvents && { maxEvents: 100 }),
  });
  const port: TaskStore = {
    open: () => sound.open(),
    append: (events) => sound.append(events),
    getMany: (ids) => sound.getMany(ids),
    list: (query) => sound.list(query),
    events: (query) => sound.events(query),
    unfinished: () => sound.unfinished(),
    finished: (query) => sound.finished(query),
    receipt: (key) => sound.receipt(key),
    close: () => sound.close(),
  };
  return { ...port, ...breaks(sound, settings) };
}

function without(field: keyof TaskQuery): Break {
  return (sound) => ({ list: (query) => sound.list({ ...query, [field]: undefined } as TaskQuery) });
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

/** Long enough for a reader to look. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
