import { type TaskEvent, TaskSpec } from '@execgo/core';
import { createSqliteStore } from '../src/index.js';

/**
 * Appends graphs of three tasks and what happens to them from eight writers at once, until it is killed. After each
 * acknowledgement it says on stdout what was acknowledged.
 *
 * argv: database, durability
 */
const [file = '', durability] = process.argv.slice(2);
const store = createSqliteStore({
  file,
  durability: durability === 'none' ? 'none' : 'always',
  eventRetentionBytes: 400_000,
  checkpointBytes: 200_000,
});
let { lastSeq } = await store.open();
const life = lastSeq;
let graphs = 0;

function stamped(events: readonly object[]): readonly TaskEvent[] {
  return events.map((event) => ({
    ...event,
    seq: ++lastSeq,
    timestamp: Date.now(),
  })) as unknown as readonly TaskEvent[];
}

function specOf(id: string): TaskSpec {
  return new TaskSpec(id, 'os', 'noop', undefined, { id }, 'os', [], 0, 0, undefined, 0, 'retry');
}

async function write(): Promise<never> {
  for (;;) {
    const graph_id = `g${life}.${graphs++}`;
    const ids = [`${graph_id}.a`, `${graph_id}.b`, `${graph_id}.c`];
    const submitted = ids.map((id) => ({
      type: 'task_submitted',
      graph_id,
      task_id: id,
      spec: specOf(id),
    }));
    await store.append(stamped([{ type: 'graph_submitted', graph_id }, ...submitted]));
    say(`pending ${ids.join(' ')}`);
    for (const task_id of ids) {
      await store.append(stamped([{ type: 'task_started', graph_id, task_id, attempt: 1 }]));
      await store.append(stamped([{ type: 'task_succeeded', graph_id, task_id, result: { task_id } }]));
      say(`success ${task_id}`);
    }
  }
}

/** Synchronous for a pipe on POSIX: what was said has left this process. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await Promise.all(Array.from({ length: 8 }, write));
