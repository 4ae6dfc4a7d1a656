import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EventSequence, spec } from '@execgo/testkit';
import { expect } from 'vitest';
import { createSqliteStore } from '../src/index.js';
import { bundleChild } from './bundle-child.js';

const TASKS_PER_APPEND = 10_000;
const MAX_RSS_BYTES = 200 * 1024 ** 2;
const MAX_OPEN_CPU_MS = 1_000;

/** Appends so many tasks that are finished, and opens the store in a process of its own. */
export async function openMany(directory: string, tasks: number): Promise<Readonly<Record<string, number>>> {
  const file = join(directory, 'data', 'execgo.db');
  const store = createSqliteStore({ file, durability: 'none' });
  await store.open();
  const make = new EventSequence();
  const startedAt = performance.now();
  for (let from = 0; from < tasks; from += TASKS_PER_APPEND) {
    const events = [make.graph(`g${from}`)];
    for (let at = from; at < Math.min(tasks, from + TASKS_PER_APPEND); at += 1) {
      const id = `task-${at}`;
      events.push(make.submitted(spec({ id, input: { at } })), make.started(id), make.succeeded(id, { at }));
    }
    await store.append(events);
  }
  const appendMs = performance.now() - startedAt;
  await store.close();
  const script = await bundleChild('opening-child', directory);
  const { stdout } = await promisify(execFile)(process.execPath, [script, file]);
  const found = JSON.parse(stdout) as Record<string, number>;
  expect(found).toMatchObject({ total: tasks, listed: 100, lastSeq: make.nextSeq - 1 });
  // By the clock a start takes as long as others let it.
  expect(found.openCpuMs).toBeLessThan(MAX_OPEN_CPU_MS);
  expect(found.rssBytes).toBeLessThan(MAX_RSS_BYTES);
  return { ...found, appendMs };
}
