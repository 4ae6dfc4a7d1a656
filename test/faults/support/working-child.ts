import { errorMessage, isExecGoError, type Task, type TaskEvent, TaskSpec } from '@execgo/core';
import { allTasks } from './all-tasks.js';
import { EXIT, type Job } from './job.js';
import { TASKS_OF_A_GRAPH } from './promises.js';
import { createStore } from './sabotaged-stores.js';

/*
 * Appends graphs of three tasks, and what happens to them, from several writers at once, until it is killed, is done, or
 * the store refuses. It says on stdout, a line each, what was acknowledged and what reads showed:
 *
 * opened · ack <status> <id>… · saw <status> <id> · open-refused <code> <message> · failed <code> <message> ·
 * aftermath <JSON>
 */

/** What a store that refused an append does from then on. */
export interface Aftermath {
  /** Codes that later appends were refused with. */
  readonly refusals: readonly string[];
  /** Acknowledged tasks that can no longer be read, or not as they were acknowledged. */
  readonly unreadable: readonly string[];
  /** Tasks on all pages of the list. */
  readonly listed: number;
}

const job: Job = JSON.parse(process.argv[2] ?? '');
const store = createStore(job.store, job.directory, job.isLarge);
const acknowledged = new Map<string, string>();
let lastSeq = 0;
let graphs = 0;

await work();

async function work(): Promise<void> {
  try {
    ({ lastSeq } = await store.open());
  } catch (error) {
    say(`open-refused ${codeOf(error)} ${errorMessage(error)}`);
    process.exitCode = EXIT.refusedToOpen;
    return;
  }
  say('opened');
  const ends = await Promise.allSettled(Array.from({ length: job.writers }, write));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) {
    say(`failed ${codeOf(failure.reason)} ${errorMessage(failure.reason)}`);
    say(`aftermath ${JSON.stringify(await aftermath())}`);
    process.exitCode = EXIT.readOnly;
  }
  // Even an exit would let the threads of a store end what they hold.
  if (job.abandons === true) process.kill(process.pid, 'SIGKILL');
  await store.close();
}

async function write(): Promise<void> {
  for (let left = job.graphs ?? Number.POSITIVE_INFINITY; left > 0; left -= 1) {
    const graph_id = `${job.life}-${graphs++}`;
    const ids = TASKS_OF_A_GRAPH.map((task) => `${graph_id}.${task}`);
    const submitted = ids.map((id) => ({ type: 'task_submitted', graph_id, task_id: id, spec: specOf(id) }));
    await store.append(stamped([{ type: 'graph_submitted', graph_id }, ...submitted]));
    acknowledge('pending', ids);
    for (const task_id of ids) {
      await store.append(stamped([{ type: 'task_started', graph_id, task_id, attempt: 1 }]));
      acknowledge('running', [task_id]);
      const succeeded = stamped([{ type: 'task_succeeded', graph_id, task_id, result: { task_id } }]);
      await Promise.all([store.append(succeeded), look()]);
      acknowledge('success', [task_id]);
    }
  }
}

/** Reads one of the newest tasks, to which something may just happen. */
async function look(): Promise<void> {
  if (job.looksAway === true) return;
  const graph = Math.max(0, graphs - 1 - Math.floor(Math.random() * 2 * job.writers));
  const id = `${job.life}-${graph}.${TASKS_OF_A_GRAPH[Math.floor(Math.random() * TASKS_OF_A_GRAPH.length)]}`;
  const [task] = await store.getMany([id]);
  if (task !== undefined) say(`saw ${task.status} ${id}`);
}

async function aftermath(): Promise<Aftermath> {
  const refusals: string[] = [];
  for (let again = 0; again < 3; again += 1) {
    await store.append(stamped([{ type: 'graph_submitted', graph_id: `${job.life}-after` }])).then(
      () => refusals.push('none'),
      (error: unknown) => refusals.push(codeOf(error)),
    );
  }
  const ids = [...acknowledged.keys()];
  const tasks = await store.getMany(ids);
  const unreadable = ids.filter((id, at) => !isAsAcknowledged(tasks[at], id));
  return { refusals, unreadable, listed: (await allTasks(store)).size };
}

function isAsAcknowledged(task: Task | undefined, id: string): boolean {
  return task !== undefined && (acknowledged.get(id) !== 'success' || task.status === 'success');
}

function stamped(events: readonly object[]): readonly TaskEvent[] {
  return events.map((event) => ({
    ...event,
    seq: ++lastSeq,
    timestamp: Date.now(),
  })) as unknown as readonly TaskEvent[];
}

function specOf(id: string): TaskSpec {
  const input = { id, padding: 'x'.repeat(job.padding ?? 0) };
  return new TaskSpec(id, 'os', 'noop', undefined, input, 'os', [], 0, 0, undefined, 0, 'retry');
}

function acknowledge(status: string, ids: readonly string[]): void {
  for (const id of ids) acknowledged.set(id, status);
  say(`ack ${status} ${ids.join(' ')}`);
}

/** Synchronous for a pipe on POSIX: what was said has left this process. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function codeOf(error: unknown): string {
  return isExecGoError(error) ? error.code : `raw: ${errorMessage(error)}`;
}
