// One application, three stores: `node main.mjs memory | jsonfile | sqlite`. It runs a graph, ends, starts again over the same
// place, and shows what is remembered. Nothing but the choice of the store knows which one it is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@execgo/core';
import { createScheduler } from '@execgo/scheduler';
import { createJsonFileStore } from '@execgo/store-jsonfile';
import { createSqliteStore } from '@execgo/store-sqlite';

/** @type {Record<string, (folder: string) => import('@execgo/core').TaskStore>} */
const STORES = {
  memory: () => new MemoryStore(),
  jsonfile: (folder) => createJsonFileStore({ directory: folder }),
  sqlite: (folder) => createSqliteStore({ file: join(folder, 'execgo.db') }),
};

/** @type {import('@execgo/core').Executor} */
const sums = {
  category: 'sum',
  tools: async () => [{ name: 'add', description: 'adds numbers', input_schema: { type: 'array' } }],
  execute: async ({ input }) => input.reduce((left, right) => left + right, 0),
};

const name = process.argv[2] ?? 'memory';
assert.ok(Object.hasOwn(STORES, name), `no store is called ${name}: choose one of ${Object.keys(STORES).join(', ')}`);
const folder = mkdtempSync(join(tmpdir(), 'execgo-swap-'));
try {
  const first = await start();
  const { graph_id } = await first.submit({
    tasks: [
      { id: 'apples', type: 'sum', input: [1, 2, 3] },
      { id: 'pears', type: 'sum', input: [4, 5] },
      { id: 'all', type: 'sum', input: [{ $from: 'apples' }, { $from: 'pears' }], depends_on: ['apples', 'pears'] },
    ],
  });
  await first.graph(graph_id, { timeoutMs: 10_000 });
  const before = await show(first);
  await first.stop();

  const second = await start();
  const after = await show(second);
  await second.stop();

  // The example is its own test.
  const told = ['apples success 6', 'pears success 9', 'all success 15'];
  assert.deepEqual(before, told);
  assert.deepEqual(after, name === 'memory' ? [] : told);
  console.log(`${name}: ${before.join(', ')}; after a restart it remembers ${after.length} of them`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function start() {
  const scheduler = createScheduler({ executors: [sums], store: STORES[name](folder) });
  await scheduler.start();
  return scheduler;
}

/** Every task that the kernel knows, a line each, in the order in which they were submitted. */
async function show(scheduler) {
  const { tasks } = await scheduler.list({});
  return tasks.map(({ id, status, result }) => `${id} ${status} ${result}`).reverse();
}
