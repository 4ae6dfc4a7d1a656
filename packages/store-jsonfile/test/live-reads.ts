import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TaskEvent } from '@execgo/core';
import { bundleScript, drainContents, foldEvents } from '@execgo/testkit';
import { expect } from 'vitest';
import { createJsonFileMaintenance } from '../src/index.js';

/** So many different states are read at least, however slow the disk of the other process is. */
export const STATES = 6;

/**
 * Reads a store again and again while another process appends to it, writes snapshots of it every few milliseconds and drops
 * its journal.
 *
 * @param reads at least

 * @returns seqs that the reads ended with
 */
export async function readLive(directory: string, reads: number): Promise<readonly number[]> {
  const script = await bundleScript(new URL('./appending-child.ts', import.meta.url), directory);
  const data = join(directory, 'data');
  const child = spawn(process.execPath, [script, data, 'always'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = listen(child);
  try {
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const seqs: number[] = [];
    for (let read = 0; read < reads || new Set(seqs).size < STATES; read += 1) seqs.push(await readOnce(data, said));
    return seqs;
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
}

/** What the child has acknowledged so far: status by task id. */
function listen(child: ChildProcess): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [status = '', ...ids] = line.split(' ');
      for (const id of ids) said.set(id, status);
    }
  });
  return said;
}

async function readOnce(directory: string, said: ReadonlyMap<string, string>): Promise<number> {
  const acknowledged = new Map(said);
  const { tasks, events, firstSeq, lastSeq } = await drainContents(
    await createJsonFileMaintenance({ directory }).read(),
  );
  expect(events.map(({ seq }) => seq)).toEqual(
    Array.from({ length: lastSeq - firstSeq + 1 }, (_, at) => firstSeq + at),
  );
  const found = new Map(tasks.map((task) => [task.id, task]));
  for (const [id, status] of acknowledged) {
    if (status === 'success') expect(found.get(id)?.status, id).toBe('success');
    else expect(found.has(id), id).toBe(true);
  }
  for (const id of found.keys()) {
    const siblings = ['a', 'b', 'c'].map((name) => found.has(id.replace(/.$/, name)));
    expect(siblings, `the graph of ${id}`).toEqual([true, true, true]);
  }
  mustAgree(found, events);
  return lastSeq;
}

/** Tasks whose whole life is among the events are what these come to. */
function mustAgree(found: ReadonlyMap<string, unknown>, events: readonly TaskEvent[]): void {
  const submitted = new Set(events.flatMap((event) => (event.type === 'task_submitted' ? [event.task_id] : [])));
  const whole = events.filter((event) => event.type !== 'graph_submitted' && submitted.has(event.task_id));
  for (const [id, task] of foldEvents(whole)) expect(found.get(id)).toEqual(task);
}
