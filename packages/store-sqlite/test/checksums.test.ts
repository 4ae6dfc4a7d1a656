import { join } from 'node:path';
import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32, tableCrc32 } from '../src/checksum.js';
import { createSqliteMaintenance, createSqliteStore, type SqliteStore } from '../src/index.js';
import { loadSqlite } from '../src/load-sqlite.js';

const Database = loadSqlite();

let place: TemporaryDirectory;
let file: string;
let store: SqliteStore;
let make: EventSequence;

beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place.path, 'execgo.db');
  // What is damaged here is left to the checksums.
  store = createSqliteStore({ file, integrityCheckBytes: 0, durability: 'none' });
  make = new EventSequence();
  await store.open();
  await store.append([
    make.graph('g', { receipt: { key: 'k', digest: 'd', task_ids: ['a'] } }),
    make.submitted(spec({ id: 'a', type: 'os', annotations: { x: 'y' } })),
    make.submitted('b'),
    make.started('a'),
    make.succeeded('a', { answer: 42 }),
  ]);
});
afterEach(async () => {
  await store.close();
  await place.remove();
});

/** Changes the database behind the back of the open store. */
function edit(sql: string): void {
  const db = new Database(file);
  // For what SQLite itself would not allow: an index that leads nowhere.
  db.unsafeMode();
  db.pragma('writable_schema = ON');
  db.exec(sql);
  db.close();
}

async function eventsOf(): Promise<number> {
  let count = 0;
  for await (const { seq } of store.events({})) count += Math.sign(seq);
  return count;
}

async function unfinishedOf(): Promise<number> {
  let count = 0;
  for await (const batch of store.unfinished()) count += batch.length;
  return count;
}

const damage = (table: string, row: number) => ({
  code: 'internal',
  message: expect.stringMatching(
    new RegExp(`^the store is damaged: .*execgo\\.db: in its table ${table} the row ${row} .*execgo doctor.*backup`),
  ),
  details: { file, table, row },
});

describe('a row that is not what was written is never believed', () => {
  it.each<[string, string, number, () => Promise<unknown>]>([
    ["UPDATE tasks SET state = replace(state, '42', '43') WHERE id = 'a'", 'tasks', 2, () => store.getMany(['a'])],
    ['UPDATE tasks SET created_at = created_at + 1 WHERE submitted_seq = 2', 'tasks', 2, () => store.list({})],
    ['UPDATE tasks SET last_seq = 6 WHERE submitted_seq = 2', 'tasks', 2, () => store.finished({ limit: 9 })],
    ["UPDATE tasks SET graph_id = 'h' WHERE submitted_seq = 3", 'tasks', 3, () => unfinishedOf()],
    ['UPDATE tasks SET annotated = 0 WHERE submitted_seq = 2', 'tasks', 2, () => store.list({ status: 'success' })],
    ["UPDATE specs SET spec = replace(spec, 'os', 'ox') WHERE submitted_seq = 2", 'specs', 2, () => store.list({})],
    ['DELETE FROM specs WHERE submitted_seq = 3', 'specs', 3, () => store.getMany(['b'])],
    ["UPDATE events SET event = replace(event, '42', '43') WHERE seq = 5", 'events', 5, () => eventsOf()],
    ['UPDATE events SET task_id = NULL WHERE seq = 4', 'events', 4, () => eventsOf()],
    ['DELETE FROM events WHERE seq = 3', 'events', 3, () => eventsOf()],
    ['UPDATE receipts SET receipt = replace(receipt, \'"d"\', \'"e"\')', 'receipts', 1, () => store.receipt('k')],
    ['UPDATE store SET finished = 0', 'store', 1, () => store.getMany(['a'])],
    ['UPDATE tasks SET crc = crc + 1 WHERE submitted_seq = 3', 'tasks', 3, () => store.getMany(['b'])],
  ])('%s', async (sql, table, row, read) => {
    edit(sql);
    await expect(read()).rejects.toMatchObject(damage(table, row));
  });

  it('nor one that stands in the place of another', async () => {
    edit(`
      CREATE TEMP TABLE held AS SELECT * FROM events;
      UPDATE events SET (task_id, graph_id, event, crc) = (SELECT task_id, graph_id, event, crc FROM held WHERE seq = 5) WHERE seq = 4;
    `);
    await expect(eventsOf()).rejects.toMatchObject(damage('events', 4));
  });

  it('a start is refused over a damaged row of the store', async () => {
    await store.close();
    edit('UPDATE store SET newest_timestamp = 1');
    await expect(store.open()).rejects.toMatchObject(damage('store', 1));
  });

  it('the writer that meets one is read-only from then on; what is sound is read', async () => {
    await store.close();
    edit("UPDATE tasks SET updated_at = 7 WHERE id = 'b'");
    await store.open();
    const sound = { code: 'unavailable', message: expect.stringMatching(/read-only: .*in its table tasks the row 3 /) };
    await expect(store.append([make.started('b')])).rejects.toMatchObject(sound);
    await expect(store.append([])).rejects.toMatchObject(sound);
    expect((await store.getMany(['a']))[0]?.status).toBe('success');
    expect(await eventsOf()).toBe(5);
  });
});

describe('an index that hides a row', () => {
  it('of a task whose events are kept is no "not found", for a reader and for the writer', async () => {
    edit("DELETE FROM tasks WHERE id = 'a'");
    const message = expect.stringMatching(/the task "a" is not found, and its newest event, 5, says task_succeeded/);
    await expect(store.getMany(['x', 'a'])).rejects.toMatchObject({ code: 'internal', message });
    await expect(store.append([make.submitted('a')])).rejects.toMatchObject({ code: 'unavailable', message });
  });

  it('of an unfinished task refuses the start', async () => {
    await store.close();
    edit("DELETE FROM tasks WHERE id = 'b'");
    const message = expect.stringContaining('its index has 0 unfinished tasks, and there should be 1');
    await expect(store.open()).rejects.toMatchObject({ code: 'internal', message });
  });

  it('of a small database is found at the start', async () => {
    await store.close();
    edit('DROP INDEX tasks_by_type');
    edit("CREATE INDEX tasks_by_type ON tasks (type) WHERE type = ''");
    edit("UPDATE sqlite_schema SET sql = 'CREATE INDEX tasks_by_type ON tasks (type)' WHERE name = 'tasks_by_type'");
    const careful = createSqliteStore({ file });
    const message = expect.stringMatching(/SQLite finds it damaged: .*tasks_by_type/);
    await expect(careful.open()).rejects.toMatchObject({ code: 'internal', message });
    await store.open();
  });
});

it('inspect tells of every row that does not match its checksum, and what to do', async () => {
  await store.close();
  edit("UPDATE tasks SET updated_at = 7; UPDATE specs SET spec = '{}'; UPDATE receipts SET created_at = 1");
  edit("UPDATE events SET event = replace(event, '42', '43')");
  const { findings } = await createSqliteMaintenance({ file }).inspect();
  const told = findings.map(({ message }) => /^in its table (\w+) the row (\d+) does not match/.exec(message));
  expect(told.map((found) => found?.slice(1).join(' '))).toEqual([
    'tasks 2',
    'tasks 3',
    'specs 2',
    'specs 3',
    'events 5',
    'receipts 1',
  ]);
  for (const { remedy } of findings) expect(remedy).toContain('backup');
});

it('the checksum is CRC-32, on a Node without a native one as well', () => {
  for (const [text, crc] of [
    ['', 0],
    ['123456789', 0xcbf43926],
    ['ä\u{1f600}', crc32('ä\u{1f600}')],
  ] as const) {
    expect(crc32(text)).toBe(crc);
    expect(tableCrc32(Buffer.from(text))).toBe(crc);
  }
});
