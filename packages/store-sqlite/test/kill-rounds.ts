import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Task } from '@execgo/core';
import { seededRandom } from '@execgo/testkit';
import { expect } from 'vitest';
import { createSqliteStore, type Durability } from '../src/index.js';
import { bundleChild } from './bundle-child.js';
import { tasksOf } from './tasks-of.js';

/**
 * Kills a real process that appends, again and again over the same store, and holds what a start finds against what was
 * acknowledged outside.
 *
 * @returns how many acknowledgements were checked
 */
export async function killRounds(directory: string, rounds: number, durability: Durability): Promise<number> {
  const random = seededRandom(rounds);
  const acked = new Map<string, string>();
  const script = await bundleChild('appending-child', directory);
  const file = join(directory, 'data', 'execgo.db');
  for (let round = 0; round < rounds; round += 1) {
    const before = acked.size;
    await killOnce([script, file, durability], acked, random() * 250);
    expect(acked.size).toBeGreaterThan(before);
    const store = createSqliteStore({ file, durability });
    await store.open();
    const tasks = await tasksOf(store);
    await store.close();
    for (const [id, status] of acked) expectKept(tasks.get(id), id, status);
    for (const id of tasks.keys()) {
      const siblings = ['a', 'b', 'c'].map((name) => tasks.has(id.replace(/.$/, name)));
      expect(siblings, `the graph of ${id}`).toEqual([true, true, true]);
    }
  }
  return acked.size;
}

function expectKept(task: Task | undefined, id: string, status: string): void {
  if (task === undefined) throw new RangeError(`acknowledged and lost: ${id}`);
  if (status === 'success') expect(task.status, id).toBe('success');
}

async function killOnce(argv: readonly string[], acked: Map<string, string>, afterMs: number): Promise<void> {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // A moment of its own, counted from when the writers run.
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  for (const line of text.split('\n').slice(0, -1)) {
    const [status = '', ...ids] = line.split(' ');
    for (const id of ids) acked.set(id, status);
  }
}
