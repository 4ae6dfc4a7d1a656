import { readFileSync } from 'node:fs';
import { fromWire, type Task, type TaskEvent } from '@execgo/core';
import { EventSequence, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJsonFileStore, type JsonFileStore } from '../src/index.js';
import { eventsOf, lifeOf, live, SMALL, tasksOf } from './recorded-life.js';
import { SimulatedDisk } from './simulated-disk.js';

const GO_STATE = readFileSync(new URL('./fixtures/go-state.json', import.meta.url));
let place: TemporaryDirectory;

beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place.remove());

function storeOn(disk: SimulatedDisk): JsonFileStore {
  return createJsonFileStore({ directory: place.path, fileSystem: disk, onWarning: () => {} });
}

async function opened<T>(disk: SimulatedDisk, use: (store: JsonFileStore, lastSeq: number) => Promise<T>): Promise<T> {
  const store = storeOn(disk);
  const { lastSeq } = await store.open();
  try {
    return await use(store, lastSeq);
  } finally {
    await store.close();
  }
}

function goDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.put('state.json', GO_STATE);
  return disk;
}

/** What the Go original reads of a task: the fields of version 1 of the wire. */
function fieldsOfV1(task: Record<string, unknown>): Record<string, unknown> {
  const { graph_id, submitted_seq, last_seq, not_before, crash_resets, ...v1 } = task;
  return v1;
}

/** The Go original loads our file and writes it again: what it does not know is gone. */
function rewrittenByGo(disk: SimulatedDisk): void {
  const state = JSON.parse(disk.content('state.json').toString()) as Record<string, Record<string, unknown>>;
  disk.put(
    'state.json',
    JSON.stringify(Object.fromEntries(Object.entries(state).map(([id, t]) => [id, fieldsOfV1(t)]))),
  );
}

describe('a state file of the Go original', () => {
  it('loads: every task, its times to the millisecond in any offset, its legacy type normalised', async () => {
    await opened(goDisk(), async (store, lastSeq) => {
      expect(lastSeq).toBe(5);
      const tasks = await tasksOf(store);
      expect([...tasks.keys()]).toEqual(['build', '10', 'after', '__proto__', 'waiting/for it']);
      expect(tasks.get('build')).toMatchObject({
        status: 'success',
        created_at: Date.UTC(2025, 2, 30, 1, 29, 59, 999),
        updated_at: Date.UTC(2025, 2, 30, 1, 30, 1, 500),
        result: { exit_code: 0 },
        runtime: { attempt: 1, started_at: Date.UTC(2025, 2, 30, 1, 30, 0, 123) },
        spec: { retry: 2, timeout: 5000, annotations: { adapter: 'claudecode' } },
      });
      expect(tasks.get('10')).toMatchObject({
        error: 'command failed: exit status 3',
        runtime: { attempt: 3, error: { code: 'external_failure' } },
        spec: { type: 'os', tool_name: 'shell', input: { script: 'exit 3' }, depends_on: ['build'] },
      });
      expect(tasks.get('__proto__')).toMatchObject({ status: 'running', handle_id: 'mcp-42', spec: { type: 'mcp' } });
      expect(await eventsOf(store)).toEqual([]);
    });
  });

  it('goes on: unfinished tasks run, and everything is there after a restart', async () => {
    const disk = goDisk();
    const make = new EventSequence({ firstSeq: 6 });
    await opened(disk, async (store) => {
      await store.append([make.reset('__proto__'), make.started('__proto__'), make.succeeded('__proto__', 'hi')]);
    });
    await opened(disk, async (store, lastSeq) => {
      expect(lastSeq).toBe(8);
      expect((await tasksOf(store)).get('__proto__')).toMatchObject({ status: 'success', result: 'hi' });
      expect((await eventsOf(store)).map(({ seq }) => seq)).toEqual([6, 7, 8]);
    });
  });

  it('a crash at every step of taking it over leaves a store that has all of it', async () => {
    const whole = goDisk();
    await live({ directory: place.path, fileSystem: whole }, []);
    for (let at = 1; at <= whole.calls.length; at += 1) {
      for (const survival of ['written', 'flushed'] as const) {
        const disk = goDisk();
        disk.fault = { at, kind: 'crash', effect: at % 2 === 0 ? 'half' : 'all' };
        await live({ directory: place.path, fileSystem: disk }, []);
        await opened(disk.after(survival), async (store) => expect((await tasksOf(store)).size).toBe(5));
      }
    }
  });

  it('ours, after a clean stop, is one object id → task with every field that the original reads, and state alone is enough', async () => {
    const disk = goDisk();
    await opened(disk, async () => {});
    const ours = JSON.parse(disk.content('state.json').toString()) as Record<string, Record<string, unknown>>;
    const theirs = JSON.parse(GO_STATE.toString()) as Record<string, Record<string, unknown>>;
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    for (const [id, task] of Object.entries(ours)) {
      const seqs = { submitted_seq: 0, last_seq: 0 };
      expect(fromWire(fieldsOfV1(task), seqs)).toEqual(fromWire(theirs[id], seqs));
      expect(task.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    const alone = new SimulatedDisk();
    alone.put('state.json', disk.content('state.json'));
    const [before, after] = [await opened(disk, tasksOf), await opened(alone, tasksOf)];
    expect(after).toEqual(before);
  });

  it('that replaced ours after a clean stop is taken over, with seqs that go on', async () => {
    const disk = new SimulatedDisk();
    const appends = lifeOf(5);
    const last = appends.flat().length;
    await live({ directory: place.path, fileSystem: disk, ...SMALL }, appends);
    const before = await opened(disk, tasksOf);
    rewrittenByGo(disk);
    await opened(disk, async (store, lastSeq) => {
      expect(lastSeq).toBe(last + before.size);
      const after = await tasksOf(store);
      const plain = (task: Task | undefined) =>
        task && { id: task.id, status: task.status, spec: task.spec, result: task.result };
      for (const [id, task] of before) expect(plain(after.get(id))).toEqual(plain(task));
      expect(await store.receipt('key 1')).toBeDefined();
      const event: TaskEvent = { type: 'graph_submitted', seq: lastSeq + 1, timestamp: 1, graph_id: 'next' };
      await store.append([event]);
      expect(await eventsOf(store)).toEqual([event]);
      await expect(store.events({ after: 1 })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'gone',
        details: { oldest_seq: lastSeq + 1 },
      });
    });
    await opened(disk, async (store) => expect((await tasksOf(store)).size).toBe(before.size));
  });

  it('that replaced ours after a crash is refused: the journal holds what it lacks', async () => {
    const disk = new SimulatedDisk();
    let left: SimulatedDisk | undefined;
    await live({ directory: place.path, fileSystem: disk }, lifeOf(5), async () => {
      left = disk.after('flushed');
    });
    left?.put('state.json', GO_STATE);
    await expect(storeOn(left as SimulatedDisk).open()).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/state\.json.*replaced by another program.*events up to seq/),
    });
  });
});

describe('a state file that cannot be read', () => {
  it.each([
    ['no JSON', '{"a":'],
    ['no object', '[]'],
    ['a task without a status we know', '{"a":{"id":"a","type":"os","status":"done"}}'],
    ['a task that is none', '{"a":7}'],
    ['a task without an id', '{"a":{"type":"os"}}'],
  ])('(%s) is refused by name and left as it is: the store never starts afresh over it', async (_, content) => {
    const disk = new SimulatedDisk();
    disk.put('state.json', content);
    await expect(storeOn(disk).open()).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('state.json'),
    });
    expect(disk.content('state.json').toString()).toBe(content);
    expect(disk.names()).toEqual(['state.json']);
  });

  it.each(['', ' \n'])('but an empty one (%j) means none', async (content) => {
    const disk = new SimulatedDisk();
    disk.put('state.json', content);
    await opened(disk, async (store, lastSeq) => {
      expect(lastSeq).toBe(0);
      expect(await tasksOf(store)).toEqual(new Map());
    });
  });
});
