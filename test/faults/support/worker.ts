import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TaskStatus } from '@execgo/core';
import { bundleScript } from '@execgo/testkit';
import { buildWorker } from '../../../packages/store-sqlite/test/global-setup.js';
import type { Exit } from '../../support/server-process.js';
import type { Job } from './job.js';
import type { Promises } from './promises.js';
import type { Aftermath } from './working-child.js';

const ROOT = resolve(import.meta.dirname, '../../..');
/** One folder below it for each worker of the tests. */
const SCRIPTS = join(ROOT, '.cache/faults');
/** Where a script finds the package with native code, which cannot be part of it. */
const NATIVE = join(ROOT, 'packages/store-sqlite/node_modules');

export interface WorkerOptions {
  readonly job: Job;
  /** Told what is acknowledged, as it is. */
  readonly promises: Promises;
  /** A program, with its arguments, that starts the process: strace, nsenter. */
  readonly through?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that works with a store. */
export interface Worker {
  readonly pid: number;
  /** Resolves when it has opened the store; also when it ended before. */
  readonly opened: Promise<void>;
  readonly ended: Promise<WorkerEnd>;
  kill(): void;
}

export interface WorkerEnd extends Exit {
  /** Code and text of the refusal, where `open` was refused. */
  readonly refusedToOpen: string | undefined;
  /** Code and text of the first refusal of an append. */
  readonly failed: string | undefined;
  readonly aftermath: Aftermath | undefined;
  readonly stderr: string;
}

/** Makes the script of the process, with the entry of the threads of SQLite beside it; once, before any is started. */
export async function bundleWorker(): Promise<(options: WorkerOptions) => Worker> {
  const folder = join(SCRIPTS, process.env.VITEST_POOL_ID ?? `${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const packages = join(folder, 'node_modules');
  if (!existsSync(packages)) symlinkSync(NATIVE, packages);
  await buildWorker(folder, 'mjs');
  const script = await bundleScript(new URL('./working-child.ts', import.meta.url), folder);
  return (options) => startWorker(script, options);
}

function startWorker(script: string, { job, promises, through = [], env = {} }: WorkerOptions): Worker {
  const [program = '', ...args] = [...through, process.execPath, script, JSON.stringify(job)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const said = new Said(promises);
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.take(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const closed = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));
  return {
    pid: child.pid as number,
    opened: Promise.race([said.opened, closed.then(() => undefined)]),
    ended: closed.then(({ code, signal }) => ({ code, signal, stderr, ...said.end() })),
    kill: () => killIfAlive(child),
  };
}

function killIfAlive(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Reads what a `working-child` says; a line that was cut off by its end was not said. */
class Said {
  readonly opened: Promise<void>;
  private open = (): void => {};
  private rest = '';
  private refusedToOpen: string | undefined;
  private failed: string | undefined;
  private aftermath: Aftermath | undefined;

  constructor(private readonly promises: Promises) {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.takeLine(line);
  }

  end(): Pick<WorkerEnd, 'refusedToOpen' | 'failed' | 'aftermath'> {
    return { refusedToOpen: this.refusedToOpen, failed: this.failed, aftermath: this.aftermath };
  }

  private takeLine(line: string): void {
    const [what = '', ...words] = line.split(' ');
    const [status, ...ids] = words;
    if (what === 'ack' || what === 'saw') this.promises.note(status as TaskStatus, ids);
    else if (what === 'opened') this.open();
    else if (what === 'open-refused') this.refusedToOpen = words.join(' ');
    else if (what === 'failed') this.failed = words.join(' ');
    else if (what === 'aftermath') this.aftermath = JSON.parse(words.join(' '));
    else throw new RangeError(`the process said what nobody expects: ${line}`);
  }
}
