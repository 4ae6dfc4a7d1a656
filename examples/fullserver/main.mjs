// A server put together by hand, as the command `execgo serve` does it: a SQLite store, Redis before it where REDIS_URL names
// one, the scheduler, commands and files, and HTTP. It runs one graph over HTTP, prints it, and stops.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCachedStore } from '@execgo/cache-redis';
import { createOsExecutor } from '@execgo/executor-os';
import { createScheduler } from '@execgo/scheduler';
import { createApp, serve } from '@execgo/server-http';
import { createSqliteStore } from '@execgo/store-sqlite';

const folder = mkdtempSync(join(tmpdir(), 'execgo-full-'));
const sqlite = createSqliteStore({ file: join(folder, 'data', 'execgo.db') });
const store = behindRedis(sqlite, process.env.REDIS_URL);
const executor = createOsExecutor({
  workspace: join(folder, 'workspace'),
  protectedPaths: [join(folder, 'data')],
  egress: { profile: 'strict' },
});
const kernel = createScheduler({ store, executors: [executor], maxConcurrency: 4, onFailure: fail });

try {
  // Opens the store and the executors, and goes on with what an earlier life left.
  await kernel.start();
  const server = await serve(createApp({ kernel, version: '0.0.0' }), { port: 0 });
  try {
    await runGraph(server.url);
  } finally {
    // First no new requests, then no new attempts; what runs may end. The scheduler closes its store and its executors.
    await server.close();
    await kernel.stop({ graceMs: 5_000 });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function behindRedis(inner, url) {
  if (url === undefined || url === '') {
    console.error('REDIS_URL is not set: finished tasks are read from the database');
    return inner;
  }
  return createCachedStore({ store: inner, url, onWarning: (message) => console.error(message) });
}

/** The store refused an append: reads go on, and nothing more will run. */
function fail(error) {
  console.error(error);
  process.exitCode = 1;
}

async function runGraph(url) {
  const submitted = await call(`${url}/tasks`, {
    tasks: [
      {
        id: 'write',
        type: 'os',
        tool_name: 'file',
        input: { action: 'write', path: 'list.txt', content: 'pears\napples\n' },
      },
      {
        id: 'sort',
        type: 'os',
        tool_name: 'shell',
        input: { command: 'sort', args: ['list.txt'] },
        depends_on: ['write'],
      },
      {
        id: 'keep',
        type: 'os',
        tool_name: 'file',
        input: { action: 'write', path: 'sorted.txt', content: { $from: 'sort', pointer: '/stdout' } },
        depends_on: ['sort'],
      },
    ],
  });
  const { counts } = await call(`${url}/graphs/${submitted.graph_id}?wait=30000`);
  for (const id of submitted.task_ids) {
    const { status, result, error } = await call(`${url}/tasks/${id}`);
    console.log(`${id.padEnd(6)} ${status}  ${JSON.stringify(result ?? error)}`);
  }
  // The example is its own test.
  assert.deepEqual(counts, { success: 3 });
  assert.equal((await call(`${url}/tasks/sort`)).result.stdout, 'apples\npears\n');
}

async function call(url, body) {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, body && { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return answer.json();
}
