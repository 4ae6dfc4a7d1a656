import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreContents } from '@execgo/core';
import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteMaintenance, createSqliteStore } from '../src/index.js';
import { loadSqlite } from '../src/load-sqlite.js';
import { tasksOf } from './tasks-of.js';

const Database = loadSqlite();

let place: TemporaryDirectory;
let file: string;
let copyFile: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place.path, 'one', 'execgo.db');
  copyFile = join(place.path, 'two', 'execgo.db');
});
afterEach(() => place.remove());

const make = (firstSeq = 1) => new EventSequence({ firstSeq });

async function opened() {
  const store = createSqliteStore({ file });
  await store.open();
  const events = make();
  const ids = Array.from({ length: 2_500 }, (_, at) => `t${at}`);
  const receipt = { key: 'k', digest: 'd', task_ids: ids.slice(0, 3) };
  await store.append([
    events.graph('g', { receipt }),
    ...ids.map((id) => events.submitted(spec({ id, annotations: { id } }))),
  ]);
  await store.append([events.started('t0'), events.succeeded('t0', { x: 1 }), events.failed('t1')]);
  return { store, events };
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

/** The same contents, whose events fail after the first batch. */
function cutShort(contents: StoreContents): StoreContents {
  return Object.assign(Object.create(contents) as StoreContents, {
    async *events() {
      for await (const batch of contents.events()) {
        yield batch;
        throw new RangeError('the cable was pulled');
      }
    },
  });
}

async function everything(contents: StoreContents) {
  return {
    tasks: await all(contents.tasks()),
    events: await all(contents.events()),
    receipts: await all(contents.receipts()),
  };
}

it('reads one moment of a store that goes on being written, and a copy made of it opens as that store', async () => {
  const { store, events } = await opened();
  const contents = await createSqliteMaintenance({ file }).read();
  await store.append([events.submitted('later'), events.started('t2')]);
  const before = await everything(contents);
  expect(before.tasks).toHaveLength(2_500);
  expect(before.events.at(-1)?.seq).toBe(contents.lastSeq);
  expect(before.receipts).toMatchObject([{ key: 'k', receipt: { graph_id: 'g', digest: 'd' } }]);

  const target = createSqliteMaintenance({ file: copyFile });
  const done: number[] = [];
  await target.fill(contents, ({ done: count }) => done.push(count));
  expect(Math.max(...done)).toBe(2_504);
  expect(await target.inspect()).toMatchObject({ findings: [], facts: { tasks: 2_500, finished: 2, last_seq: 2_504 } });
  const copied = await target.read();
  expect(await everything(copied)).toEqual(before);
  expect([copied.storeId, copied.firstSeq, copied.lastSeq]).toEqual([contents.storeId, 1, 2_504]);
  await expect(target.fill(contents)).rejects.toMatchObject({ code: 'conflict' });
  await Promise.all([contents.close(), copied.close(), store.close()]);

  const second = createSqliteStore({ file: copyFile });
  expect(await second.open()).toMatchObject({ lastSeq: 2_504 });
  expect((await tasksOf(second)).get('t0')).toMatchObject({ status: 'success', result: { x: 1 } });
  expect((await second.finished({ limit: 9 })).total).toBe(2);
  expect(await second.receipt('k')).toMatchObject({ digest: 'd' });
  await second.append([make(2_505).started('t2')]);
  await second.close();
});

it('a fill that was interrupted is continued from what it has left, and nobody can open the place before', async () => {
  const { store } = await opened();
  const contents = await createSqliteMaintenance({ file }).read();
  const broken = cutShort(contents);
  const target = createSqliteMaintenance({ file: copyFile });
  await expect(target.fill(broken)).rejects.toThrow('the cable was pulled');
  await expect(target.read()).rejects.toMatchObject({ code: 'not_found' });
  const firsts: number[] = [];
  await target.fill(contents, ({ part, done }) => {
    if (part === 'events') firsts.push(done);
  });
  expect(firsts[0]).toBeGreaterThan(1_000);
  expect((await target.inspect()).findings).toEqual([]);
  await contents.close();
  await store.close();
});

it('what is left of a copy that was killed is no store to a start or a look; another moment of the same store begins it anew', async () => {
  const { store, events } = await opened();
  const contents = await createSqliteMaintenance({ file }).read();
  const target = createSqliteMaintenance({ file: copyFile });
  await expect(target.fill(cutShort(contents))).rejects.toThrow('the cable was pulled');
  await contents.close();
  const again = 'Run the same command again';
  await expect(createSqliteStore({ file: copyFile }).open()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(again),
  });
  expect((await target.inspect()).findings).toMatchObject([
    { severity: 'error', remedy: expect.stringContaining(again) },
  ]);
  await store.append([events.submitted('later')]);
  const later = await createSqliteMaintenance({ file }).read();
  await target.fill(later);
  const copied = await target.read();
  expect(await everything(copied)).toEqual(await everything(later));
  await Promise.all([later.close(), copied.close(), store.close()]);
  const second = createSqliteStore({ file: copyFile });
  expect(await second.open()).toMatchObject({ lastSeq: later.lastSeq });
  await second.close();
});

it('a fill goes on where what is left ends with a batch, and where it has everything but its name', async () => {
  const { store } = await opened();
  const contents = await createSqliteMaintenance({ file }).read();
  const target = createSqliteMaintenance({ file: copyFile });
  const nothing = async function* () {
    yield [];
  };
  const broken = Object.assign(Object.create(contents) as StoreContents, {
    receipts: async function* () {
      yield* contents.receipts();
      throw new RangeError('the cable was pulled');
    },
  });
  await expect(target.fill(broken)).rejects.toThrow('the cable was pulled');
  await target.fill(Object.assign(Object.create(contents) as StoreContents, { tasks: nothing, events: nothing }));
  const copied = await target.read();
  expect(await everything(copied)).toEqual(await everything(contents));
  await Promise.all([contents.close(), copied.close(), store.close()]);
});

it('tells who has the folder of a database, and as a note of a look', async () => {
  const maintenance = createSqliteMaintenance({ file });
  expect(await maintenance.usedBy?.()).toBeUndefined();
  const { store } = await opened();
  const user = await maintenance.usedBy?.();
  expect(user).toContain(`pid ${process.pid} on `);
  expect((await maintenance.inspect()).findings).toEqual([{ severity: 'note', message: `in use by ${user}` }]);
  await store.close();
  expect(await maintenance.usedBy?.()).toBeUndefined();
});

it('what is left of a copy of something else is refused', async () => {
  const { store } = await opened();
  const contents = await createSqliteMaintenance({ file }).read();
  const target = createSqliteMaintenance({ file: copyFile });
  const foreign = Object.assign(cutShort(contents), { storeId: 'another' });
  await expect(target.fill(foreign)).rejects.toThrow('the cable was pulled');
  await expect(target.fill(contents)).rejects.toMatchObject({ code: 'conflict' });
  await contents.close();
  await store.close();
});

it.each([
  ['UPDATE store SET finished = 7', 'finished should be 2, and its table store says 7'],
  ['DELETE FROM specs WHERE submitted_seq = 3', '1 tasks have lost what was asked for'],
  ['DELETE FROM events WHERE seq = 2000', 'of the events 1 to 2504 there are 2503'],
  ['UPDATE tasks SET last_seq = 1 WHERE submitted_seq = 2', '1 tasks have no event that led to their state'],
])('inspect tells what does not agree: %s', async (damage, message) => {
  const { store } = await opened();
  await store.close();
  const db = new Database(file);
  db.exec(damage);
  db.close();
  const { findings } = await createSqliteMaintenance({ file }).inspect();
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'error', file, message: expect.stringContaining(message) }),
  );
});

it('inspect tells of a file that is no database, and of none', async () => {
  const inspected = async () => (await createSqliteMaintenance({ file: join(place.path, 'x.db') }).inspect()).findings;
  expect(await inspected()).toMatchObject([{ severity: 'note', message: 'there is no store yet' }]);
  writeFileSync(join(place.path, 'x.db'), 'nonsense');
  expect(await inspected()).toMatchObject([
    { severity: 'error', message: expect.stringContaining('not a SQLite database') },
  ]);
});
