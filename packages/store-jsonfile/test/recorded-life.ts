import type { Task, TaskEvent } from '@execgo/core';
import { EventSequence, failure, foldEvents, spec } from '@execgo/testkit';
import { createJsonFileStore, type JsonFileStore, type JsonFileStoreOptions } from '../src/index.js';
import type { SimulatedDisk } from './simulated-disk.js';

/** What is written in a file of the journal, without the zeros that are reserved behind it. */
export function written(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}

/** Small enough that a few dozen appends begin several segments and write several snapshots. */
export const SMALL = { segmentBytes: 1500, snapshotMinBytes: 1000, snapshotMinIntervalMs: 0 } as const;

/** Appends of a life that submits, runs, fails, deletes and replaces tasks, with receipts. */
export function lifeOf(rounds: number, firstSeq = 1): readonly (readonly TaskEvent[])[] {
  const make = new EventSequence({ firstSeq });
  const appends: TaskEvent[][] = [];
  for (let at = 0; at < rounds; at += 1) {
    const [a, b] = [`task ${firstSeq}/${at} "ä"`, `${firstSeq}${at}`];
    const receipt = { key: `key ${at % 4}`, digest: `digest ${at}`, task_ids: [a, b] };
    appends.push([
      make.graph(`graph ${firstSeq}/${at}`, { receipt }),
      make.submitted(spec({ id: a, input: { text: 'x'.repeat(at * 7) } })),
      make.submitted(spec({ id: b, depends_on: [a] })),
    ]);
    appends.push([make.started(a)]);
    if (at % 3 === 0) appends.push([make.failed(a, failure('timeout')), make.skipped(b, a)]);
    else appends.push([make.succeeded(a, { at }), make.started(b)]);
    if (at % 3 === 0) appends.push([make.deleted(b), make.submitted(spec({ id: a, params: [at] }))]);
  }
  return appends;
}

export interface Outcome {
  /** Seq up to which appends were acknowledged. */
  readonly ackedSeq: number;
  readonly error: unknown;
}

/** Opens, appends one after the other, closes; stops at the first error, as a crash would. */
export async function live(
  options: JsonFileStoreOptions,
  appends: readonly (readonly TaskEvent[])[],
  then?: (store: JsonFileStore, ackedSeq: number) => Promise<void>,
): Promise<Outcome> {
  const store = createJsonFileStore({ onWarning: () => {}, ...options });
  let ackedSeq = 0;
  let error: unknown;
  try {
    ackedSeq = (await store.open()).lastSeq;
    for (const [at, events] of appends.entries()) {
      await store.append(events);
      // Snapshots go on between turns of the event loop: some appends fall into one, some between two.
      for (let turn = 0; turn < at % 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      ackedSeq = events.at(-1)?.seq ?? ackedSeq;
    }
    await then?.(store, ackedSeq);
  } catch (reason) {
    error = reason;
    if (ackedSeq > 0) await then?.(store, ackedSeq);
  }
  await store.close();
  return { ackedSeq, error };
}

/** Every task of a store, by id. */
export async function tasksOf(store: JsonFileStore): Promise<Map<string, Task>> {
  const { tasks } = await store.list({});
  return new Map([...tasks].reverse().map((task) => [task.id, task]));
}

export async function eventsOf(store: JsonFileStore): Promise<TaskEvent[]> {
  const events: TaskEvent[] = [];
  for await (const event of store.events({})) events.push(event);
  return events;
}

export interface Found {
  readonly lastSeq: number;
  readonly tasks: Map<string, Task>;
  readonly events: readonly TaskEvent[];
  readonly receipt: unknown;
}

/** What the next process finds. */
export async function find(directory: string, disk: SimulatedDisk): Promise<Found> {
  const store = createJsonFileStore({ directory, fileSystem: disk, ...SMALL, onWarning: () => {} });
  const { lastSeq } = await store.open();
  try {
    return {
      lastSeq,
      tasks: await tasksOf(store),
      events: await eventsOf(store),
      receipt: await store.receipt('key 1'),
    };
  } finally {
    await store.close();
  }
}

/** The tasks that events up to a seq come to. */
export function expectedTasks(appends: readonly (readonly TaskEvent[])[], lastSeq: number): Map<string, Task> {
  return foldEvents(appends.flat().filter(({ seq }) => seq <= lastSeq));
}

/** Whether a seq is where an append ends: whatever is recovered is whole appends. */
export function isWhole(appends: readonly (readonly TaskEvent[])[], lastSeq: number): boolean {
  return lastSeq === 0 || appends.some((events) => events.at(-1)?.seq === lastSeq);
}
