import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createSqliteMaintenance } from '@execgo/store-sqlite';
import { manyFinished } from '@execgo/testkit';
import { expect } from 'vitest';
import { freshFolder } from './support/running-server.js';

const BIN = fileURLToPath(new URL('../bin/execgo.js', import.meta.url));
const KIB = 1024;
const NANOSECONDS_PER_MS = 1e6;

export interface LargeHistory {
  readonly fillMs: number;
  /** From the start of the process to the first `/readyz` that was well; the best of the starts. */
  readonly readyMs: number;
  /** The same without the time in which its main thread waited for a core: tests share their machine. */
  readonly ownReadyMs: number;
  /** Resident memory then, at most. */
  readonly rssBytes: number;
  /** The same after some reads of tasks and pages. */
  readonly rssAfterReadsBytes: number;
}

/** Fills a database with so many finished tasks, and starts the server over it. */
export async function serveLargeHistory(tasks: number, starts: number): Promise<LargeHistory> {
  const cwd = freshFolder();
  const filling = performance.now();
  const contents = await manyFinished(tasks).read();
  await createSqliteMaintenance({ file: join(cwd, 'data', 'execgo.db') }).fill(contents);
  const fillMs = performance.now() - filling;
  const runs: Omit<LargeHistory, 'fillMs'>[] = [];
  for (let start = 0; start < starts; start += 1) runs.push(await serve(cwd, tasks));
  return {
    fillMs,
    readyMs: Math.min(...runs.map(({ readyMs }) => readyMs)),
    ownReadyMs: Math.min(...runs.map(({ ownReadyMs }) => ownReadyMs)),
    rssBytes: Math.max(...runs.map(({ rssBytes }) => rssBytes)),
    rssAfterReadsBytes: Math.max(...runs.map(({ rssAfterReadsBytes }) => rssAfterReadsBytes)),
  };
}

async function serve(cwd: string, tasks: number): Promise<Omit<LargeHistory, 'fillMs'>> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [BIN, 'serve', '--addr', '127.0.0.1:0', '--store', 'sqlite'], {
    cwd,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = once(child, 'close');
  try {
    let url: string | undefined;
    for await (const line of createInterface(child.stderr)) {
      url = (JSON.parse(line) as { url?: string }).url;
      if (url !== undefined) break;
    }
    child.stderr.resume();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const readyMs = performance.now() - startedAt;
    const ownReadyMs = readyMs - waitedMs(child.pid);
    const rssBytes = residentBytes(child.pid);
    for (let at = 0; at < 200; at += 1) {
      const number = Math.floor((at * tasks) / 200);
      const id = `graph-${Math.floor(number / 100)}/task-${number % 100}`;
      const answer = await fetch(`${url}/tasks/${encodeURIComponent(id)}`);
      expect(await answer.json()).toMatchObject({ id, status: 'success' });
    }
    const page = (await (await fetch(`${url}/tasks?limit=1000&status=success`)).json()) as { id: string }[];
    expect(page).toHaveLength(Math.min(1000, tasks));
    expect(page[0]?.id).toBe(`graph-${Math.floor((tasks - 1) / 100)}/task-${(tasks - 1) % 100}`);
    const rssAfterReadsBytes = residentBytes(child.pid);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    return { readyMs, ownReadyMs, rssBytes, rssAfterReadsBytes };
  } finally {
    // Where it failed before; without a second failure that would hide the first.
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
  }
}

/** Memory of a process that is in RAM, as Linux tells it. */
function residentBytes(pid: number | undefined): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * KIB;
}

/** How long the main thread of a process has waited for a core; the second number of its schedstat. */
function waitedMs(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / NANOSECONDS_PER_MS;
}
