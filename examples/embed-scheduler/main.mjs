// A plain Node application with a scheduler inside: no server, no files. It runs a graph in which one task depends on the
// result of another, one needs three attempts, and one fails, so that what depends on it is skipped.
import assert from 'node:assert/strict';
import { createScheduler } from '@execgo/scheduler';
import { textExecutor } from './text-executor.mjs';

const scheduler = createScheduler({ executors: [textExecutor()], maxConcurrency: 4 });
await scheduler.start();

const { graph_id } = await scheduler.submit({
  tasks: [
    { id: 'shout', type: 'text', tool_name: 'upper', input: { text: 'agents decide' } },
    {
      id: 'count',
      type: 'text',
      tool_name: 'count',
      // The text is not known yet: it is what `shout` will have made.
      input: { text: { $from: 'shout', pointer: '/text' } },
      depends_on: ['shout'],
      retry: 3,
    },
    { id: 'broken', type: 'text', tool_name: 'upper', input: { text: 42 } },
    { id: 'after broken', type: 'text', tool_name: 'upper', input: { text: 'never' }, depends_on: ['broken'] },
  ],
});

const { counts, task_ids } = await scheduler.graph(graph_id, { timeoutMs: 10_000 });
const tasks = await Promise.all(task_ids.map((id) => scheduler.get(id)));
for (const { id, status, result, error, runtime } of tasks) {
  const outcome = result === undefined ? error : JSON.stringify(result);
  console.log(`${id.padEnd(12)} ${status.padEnd(7)} ${runtime?.attempt ?? 0} attempt(s)  ${outcome}`);
}
await scheduler.stop();

// The example is its own test.
const seen = tasks.map(({ id, status, result, error, runtime }) => [id, status, runtime?.attempt, result ?? error]);
assert.deepEqual(seen, [
  ['shout', 'success', 1, { text: 'AGENTS DECIDE' }],
  ['count', 'success', 3, { words: 2 }],
  ['broken', 'failed', 1, 'input.text: expected a string'],
  ['after broken', 'skipped', undefined, 'dependency broken failed'],
]);
assert.deepEqual(counts, { success: 2, failed: 1, skipped: 1 });
console.log('all as expected');
