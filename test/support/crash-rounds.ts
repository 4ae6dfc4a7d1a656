import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, get, send, type WireTask } from './http-client.js';
import { launch, launchReady, within } from './server-process.js';

export interface CrashOptions {
  readonly folder: string;
  readonly rounds: number;
  /** The same seed gives the same graphs and delays. */
  readonly seed: number;
}

/** What was promised, kept outside of the server, and how it was broken: every list is empty when all is well. */
export interface CrashReport {
  readonly acknowledged: number;
  readonly seenSucceeded: number;
  /** Acknowledged tasks that are gone. */
  readonly lost: readonly string[];
  /** Acknowledged tasks that are not terminal after the last restart. */
  readonly forgotten: readonly string[];
  /** Tasks once seen as succeeded that are something else. */
  readonly undone: readonly string[];
  /** Graphs of which only some tasks are there, acknowledged or not. */
  readonly half: readonly string[];
  /** Answers that were neither an acknowledgement nor a connection that broke. */
  readonly odd: readonly Answer[];
}

const SUBMITTERS = 6;
/** A life ends after this many tasks were acknowledged, then at any moment of the pause. */
const FEWEST_TASKS = 20;
const MORE_TASKS = 200;
const LONGEST_PAUSE_MS = 30;
/** Every third life ends this long after its start at the latest: while it starts, or recovers. */
const LONGEST_START_MS = 250;
const SETTLE_MS = 30_000;

/**
 * Kills the server at random moments, with `kill -9`, while graphs are submitted and watched; then starts it a last time and
 * compares what is there with what it had promised.
 */
export async function crashRounds({ folder, rounds, seed }: CrashOptions): Promise<CrashReport> {
  const random = randomNumbers(seed);
  const record = new Record();
  for (let round = 0; round < rounds; round += 1) {
    const server = launch({ folder });
    const whileStarting = round % 3 === 2;
    if (!whileStarting) {
      const url = await server.ready;
      const workers = Array.from({ length: SUBMITTERS }, (_, at) =>
        submitUntilGone(url, `${round}-${at}`, random, record),
      );
      let over = false;
      const ended = Promise.all(workers).finally(() => {
        over = true;
      });
      const target = record.acknowledged.size + FEWEST_TASKS + random() * MORE_TASKS;
      while (!over && record.acknowledged.size < target) await sleep(1);
      await sleep(random() * LONGEST_PAUSE_MS);
      server.kill('SIGKILL');
      await within(SETTLE_MS, 'the end of the connections', ended, server.log);
    } else {
      await sleep(random() * LONGEST_START_MS);
      server.kill('SIGKILL');
    }
    await within(SETTLE_MS, 'the end by force', server.exited, server.log);
  }
  const server = await launchReady({ folder });
  const tasks = await within(2 * SETTLE_MS, 'the last life', settledTasks(server.url, record), server.log);
  await server.stop();
  return record.compare(tasks);
}

/**
 * Submits graphs, and looks at earlier ones, until the connection breaks. Each request has a connection of its own: the pool
 * of `fetch` may wait for ever for a server that was killed while it connected.
 */
async function submitUntilGone(url: string, name: string, random: () => number, record: Record): Promise<void> {
  for (let count = 0; ; count += 1) {
    const tasks = graphOf(`${name}-${count}`, random);
    const ids = tasks.map(({ id }) => id);
    record.sent(ids);
    try {
      const answer = await send(url, { path: '/tasks', body: JSON.stringify({ tasks }) });
      if (answer.status !== 202) record.odd.push(answer);
      else record.acknowledge(ids);
      const seen = record.anyAcknowledged(random);
      if (seen !== undefined) record.see((await send<WireTask>(url, { method: 'GET', path: `/tasks/${seen}` })).body);
    } catch {
      // The server was killed: whether it had taken this graph is not known, but it must be whole or absent.
      return;
    }
  }
}

/** Three to nine tasks, each after some of those before it; some take a moment, so that a crash finds them running. */
function graphOf(name: string, random: () => number) {
  const size = 3 + Math.floor(random() * 7);
  return Array.from({ length: size }, (_, at) => ({
    id: `${name}-${at}`,
    ...(random() < 0.3 ? { type: 'sleep', input: { duration_ms: Math.floor(random() * 20) } } : { type: 'noop' }),
    depends_on: Array.from({ length: at }, (_, before) => `${name}-${before}`).filter(() => random() < 0.4),
  }));
}

async function settledTasks(url: string, record: Record): Promise<ReadonlyMap<string, WireTask>> {
  for (const deadline = performance.now() + SETTLE_MS; ; ) {
    const { body } = await get<WireTask[]>(`${url}/tasks`);
    const tasks = new Map(body.map((task) => [task.id, task]));
    const open = [...record.acknowledged].some((id) => !isTerminal(tasks.get(id)));
    if (!open || performance.now() > deadline) return tasks;
    await sleep(50);
  }
}

function isTerminal(task: WireTask | undefined): boolean {
  return task?.status === 'success' || task?.status === 'failed' || task?.status === 'skipped';
}

class Record {
  readonly acknowledged = new Set<string>();
  readonly odd: Answer[] = [];
  private readonly order: string[] = [];
  private readonly succeeded = new Set<string>();
  private readonly graphs: (readonly string[])[] = [];

  sent(ids: readonly string[]): void {
    this.graphs.push(ids);
  }

  acknowledge(ids: readonly string[]): void {
    for (const id of ids) this.acknowledged.add(id);
    this.order.push(...ids);
  }

  anyAcknowledged(random: () => number): string | undefined {
    return this.order[Math.floor(random() * this.order.length)];
  }

  see(task: WireTask): void {
    if (task.status === 'success') this.succeeded.add(task.id);
  }

  compare(tasks: ReadonlyMap<string, WireTask>): CrashReport {
    const acknowledged = [...this.acknowledged];
    return {
      acknowledged: acknowledged.length,
      seenSucceeded: this.succeeded.size,
      lost: acknowledged.filter((id) => !tasks.has(id)),
      forgotten: acknowledged.filter((id) => tasks.has(id) && !isTerminal(tasks.get(id))),
      undone: [...this.succeeded].filter((id) => tasks.get(id)?.status !== 'success'),
      half: this.graphs
        .filter((ids) => ids.some((id) => tasks.has(id)) && !ids.every((id) => tasks.has(id)))
        .map((ids) => ids.join(' ')),
      odd: this.odd,
    };
  }
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
