import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore } from '../src/index.js';
import { loadSqlite, type SqliteDatabase } from '../src/load-sqlite.js';
import { tasksOf } from './tasks-of.js';

const Database = loadSqlite();

const GO_STATE = JSON.parse(readFileSync(new URL('./fixtures/go-state.json', import.meta.url), 'utf8')) as object;
let place: TemporaryDirectory;
let file: string;
const warnings: string[] = [];

beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place.path, 'data', 'execgo.db');
  warnings.length = 0;
});
afterEach(() => place.remove());

function storeOf(): SqliteStore {
  return createSqliteStore({ file, busyTimeoutMs: 50, onWarning: (message) => warnings.push(message) });
}

async function makeStore(): Promise<void> {
  const store = storeOf();
  await store.open();
  const make = new EventSequence();
  await store.append([make.graph(), make.submitted('a'), make.started('a'), make.succeeded('a', 1)]);
  await store.close();
}

function edit(change: (db: SqliteDatabase) => void): void {
  const db = new Database(file);
  change(db);
  db.close();
}

describe('files', () => {
  it('the folder is open to its owner alone, and so is the database; after a close there is nothing beside it', async () => {
    await makeStore();
    expect(statSync(join(place.path, 'data')).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const name of ['execgo.db-wal', 'execgo.db-shm', 'lock']) {
      expect(existsSync(join(place.path, 'data', name)), name).toBe(false);
    }
  });

  it('a second store is refused and told the pid of the first', async () => {
    const store = storeOf();
    await store.open();
    await expect(storeOf().open()).rejects.toMatchObject({ code: 'unavailable', details: { pid: process.pid } });
    await store.close();
  });

  it('a database elsewhere takes the lock of the data directory as well', async () => {
    const directory = join(place.path, 'other');
    const store = createSqliteStore({ file, directory });
    await store.open();
    const second = createSqliteStore({ file: join(directory, 'second.db') });
    await expect(second.open()).rejects.toMatchObject({ code: 'unavailable' });
    await store.close();
  });
});

describe('what is refused, by name, and not changed', () => {
  const refusal = async (message: string | RegExp, code: string) => {
    const before = readFileSync(file);
    await expect(storeOf().open()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readFileSync(file).equals(before)).toBe(true);
  };

  it('a file that is no database', async () => {
    await makeStore();
    writeFileSync(file, 'something else entirely');
    await refusal(`${file}: it is not a SQLite database`, 'internal');
  });

  it('a database whose pages are damaged', async () => {
    await makeStore();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, 100));
    await refusal(file, 'internal');
  });

  it('a later version of the schema, in a sentence', async () => {
    await makeStore();
    edit((db) => db.pragma('user_version = 99'));
    await refusal('was written by a later version of ExecGo', 'unavailable');
  });

  it('a database of another program', async () => {
    await makeStore();
    edit((db) => db.pragma('application_id = 7'));
    await refusal('is a database of another program', 'unavailable');
  });

  it('a log whose database is gone', async () => {
    await makeStore();
    writeFileSync(file, '');
    writeFileSync(`${file}-wal`, 'a log');
    await refusal('it is missing or empty, and its write-ahead log', 'internal');
  });

  it('a database whose newest events are missing', async () => {
    await makeStore();
    edit((db) => db.exec('DELETE FROM events WHERE seq = 4'));
    await expect(storeOf().open()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining(file) });
  });
});

describe('versions of the schema', () => {
  it('an empty file is version 0: it becomes a store', async () => {
    await makeStore();
    writeFileSync(file, '');
    const store = storeOf();
    expect(await store.open()).toMatchObject({ firstSeq: 1, lastSeq: 0 });
    await store.close();
  });

  it('what version 1 consists of (a change of it is a further version)', async () => {
    await makeStore();
    edit((db) => {
      expect(db.pragma('user_version', { simple: true })).toBe(1);
      const names = db.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name').pluck().all();
      expect(names).toMatchInlineSnapshot(`
        [
          "annotations",
          "events",
          "events_by_graph",
          "events_by_task",
          "receipts",
          "specs",
          "store",
          "tasks",
          "tasks_by_graph",
          "tasks_by_handle",
          "tasks_by_id",
          "tasks_by_status",
          "tasks_by_type",
          "tasks_finished",
          "tasks_unfinished",
        ]
      `);
    });
  });

  it('the table of the Go original is taken over once, and stays', async () => {
    await makeStore();
    writeFileSync(file, '');
    edit((db) => {
      db.exec('CREATE TABLE execgo_tasks (id TEXT PRIMARY KEY, payload TEXT NOT NULL)');
      const insert = db.prepare('INSERT INTO execgo_tasks VALUES (?, ?)');
      for (const [id, task] of Object.entries(GO_STATE)) insert.run(id, JSON.stringify(task));
    });
    for (let round = 0; round < 2; round += 1) {
      const store = storeOf();
      expect(await store.open()).toMatchObject({ firstSeq: 6, lastSeq: 5 });
      const tasks = await tasksOf(store);
      expect([...tasks.keys()].reverse()).toEqual(['build', '10', 'after', '__proto__', 'waiting/for it']);
      expect(tasks.get('10')).toMatchObject({ spec: { type: 'os', tool_name: 'shell' }, runtime: { attempt: 3 } });
      await store.close();
    }
    expect(warnings).toEqual([expect.stringContaining('5 tasks of the Go original were taken over')]);
    edit((db) => expect(db.prepare('SELECT count(*) FROM execgo_tasks').pluck().get()).toBe(5));
  });
});

describe('a write that fails', () => {
  it('makes the store read-only: queued and later appends are refused, reads go on, and opening it again ends that', async () => {
    await makeStore();
    const store = storeOf();
    await store.open();
    const make = new EventSequence({ firstSeq: 5 });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const outcomes = await Promise.allSettled([
      store.append([make.submitted('b')]),
      store.append([make.submitted('c')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    other.exec('ROLLBACK');
    other.close();
    await expect(store.append([make.submitted('d')])).rejects.toMatchObject({ code: 'unavailable' });
    expect([...(await tasksOf(store)).keys()]).toEqual(['a']);
    await store.close();
    expect(await store.open()).toMatchObject({ lastSeq: 4 });
    await store.append([new EventSequence({ firstSeq: 5 }).submitted('b')]);
    await store.close();
  });
});

describe('texts that UTF-8 cannot hold', () => {
  it('ids with lone surrogates and NUL are kept, and different', async () => {
    const store = storeOf();
    await store.open();
    const make = new EventSequence();
    const ids = ['\ud800', '\udc00', '\ufffd', 'a\0b', 'a', '\u0001', '\u0001"a"', '\u0001"\\ud800"'];
    await store.append(ids.map((id) => make.submitted(spec({ id, annotations: { [id]: id } }))));
    expect((await store.getMany(ids)).map((task) => task?.id)).toEqual(ids);
    for (const id of ids) {
      expect((await store.list({ annotations: { [id]: id } })).tasks.map((task) => task.id)).toEqual([id]);
    }
    await store.append(ids.map((id) => make.failed(id)));
    expect((await store.finished({ limit: 100 })).tasks.map(({ id }) => id)).toEqual(ids);
    await store.close();
  });
});

describe('better-sqlite3', () => {
  it.each([
    [
      Object.assign(new RangeError('Cannot find module'), { code: 'MODULE_NOT_FOUND' }),
      'is not installed. Run: npm install better-sqlite3',
    ],
    [new RangeError('broken'), 'is not usable (broken)'],
  ])('where it cannot be loaded the error says what to install and what a build needs: %s', (error, message) => {
    const load = () => {
      throw error;
    };
    expect(() => loadSqlite(load)).toThrow(message);
    expect(() => loadSqlite(load)).toThrow('the build needs python3 and a C++ compiler');
  });

  it('where its native part was not built, too', () => {
    const load = () =>
      class {
        constructor() {
          throw new RangeError('Could not locate the bindings file. Tried:\n → there');
        }
      };
    expect(() => loadSqlite(load)).toThrow(
      'its native part does not load (Could not locate the bindings file. Tried:). Run: npm rebuild',
    );
  });
});
