import { join } from 'node:path';
import { RECEIPT_RETENTION, type TaskQuery } from '@execgo/core';
import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSqliteStore } from '../src/index.js';
import { loadSqlite, type SqliteStatement } from '../src/load-sqlite.js';
import { Reader } from '../src/reader.js';

const Database = loadSqlite();

let place: TemporaryDirectory;
let file: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place.path, 'execgo.db');
  const store = createSqliteStore({ file });
  await store.open();
  const make = new EventSequence();
  await store.append([make.submitted(spec({ id: 'a', annotations: { x: 'y' } })), make.submitted('b')]);
  await store.close();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await place.remove();
});

/** How SQLite goes about every query that the reader makes of tasks and events. */
function plansOf(read: (reader: Reader) => void): string[] {
  const reader = new Reader({ file, busyTimeoutMs: 50, receipts: RECEIPT_RETENTION });
  const run = vi.spyOn(Object.getPrototypeOf(new Database(':memory:').prepare('SELECT 1')), 'get');
  const all = vi.spyOn(Object.getPrototypeOf(new Database(':memory:').prepare('SELECT 1')), 'iterate');
  read(reader);
  const used = [...run.mock.contexts, ...all.mock.contexts].map((statement) => (statement as SqliteStatement).source);
  vi.restoreAllMocks();
  reader.close();
  const db = new Database(file, { readonly: true });
  const queries = new Set(used.filter((sql) => !sql.includes('FROM store')));
  const plans = [...queries].flatMap((sql) => {
    const values = Array.from(sql.matchAll(/\?/g), () => null);
    return db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
  });
  db.close();
  return plans.map(({ detail }) => detail);
}

it.each<[string, (reader: Reader) => void, string]>([
  ...(
    [
      [{}, 'INTEGER PRIMARY KEY'],
      [{ status: 'pending' }, 'tasks_by_status'],
      [{ type: 'os' }, 'tasks_by_type'],
      [{ graph_id: 'g' }, 'tasks_by_graph'],
      [{ handle_id: 'h' }, 'tasks_by_handle'],
      [{ annotations: { x: 'y' } }, 'SEARCH annotations USING PRIMARY KEY'],
    ] as [TaskQuery, string][]
  ).map(
    ([query, index]) =>
      [`list ${JSON.stringify(query)}`, (reader: Reader) => reader.list(query), index] as [
        string,
        (reader: Reader) => void,
        string,
      ],
  ),
  ['getMany', (reader) => reader.getMany('["a","z"]'), 'tasks_by_id'],
  ['unfinished', (reader) => reader.unfinished(0), 'tasks_unfinished'],
  ['finished', (reader) => reader.finished({ limit: 10 }), 'tasks_finished'],
  [
    'events of a task',
    (reader) => reader.events({ after: 0, until: 9, isComplete: false, limit: 9, task_id: 'a', graph_id: 'g' }),
    'events_by_task',
  ],
  [
    'events of a graph',
    (reader) => reader.events({ after: 0, until: 9, isComplete: false, limit: 9, graph_id: 'g' }),
    'events_by_graph',
  ],
])('%s is answered from an index, without a sort', (_, read, index) => {
  const plans = plansOf(read);
  expect(plans.join('\n')).toContain(index);
  for (const plan of plans) expect(plan).toMatch(/^SEARCH .* USING .*(INDEX|PRIMARY KEY)/);
});
