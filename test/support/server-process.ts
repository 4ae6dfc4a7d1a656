import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const BIN = resolve(import.meta.dirname, '../../apps/execgo/bin/execgo.js');

const START_MS = 30_000;
const STOP_MS = 45_000;

export interface ServerOptions {
  /** Folder that the server runs in; its data and workspace are there. */
  readonly folder: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program, with its arguments, that starts it and becomes it: nsenter, strace -D. @default none */
  readonly through?: readonly string[];
  /** Takes what ends the server. @default the end of the test */
  readonly atEnd?: AtEnd;
}

/** Takes a clean-up, as vitest's `onTestFinished` does. */
export type AtEnd = (cleanup: () => void | Promise<void>) => void;

export type LogLine = Readonly<Record<string, unknown>>;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built server in a process of its own, as a user would start it, on a free port. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it takes tasks; rejects with what it printed when it ends instead. */
  readonly ready: Promise<string>;
  readonly exited: Promise<Exit>;
  /** What it wrote to stderr so far. */
  log(): string;
  /** The same as the objects of its JSON lines. */
  lines(): readonly LogLine[];
  /** What it wrote to stdout so far. */
  stdout(): string;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGTERM; resolves to how it ended, rejects when it does not end in time. */
  stop(): Promise<Exit>;
}

/** A folder of its own, removed at the end of it. */
export function testFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'execgo-e2e-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts the server; whatever is left of it at the end of the test is killed. */
export function launch(options: ServerOptions): ServerProcess {
  const { folder, flags = [], env = {}, through = [], atEnd = onTestFinished } = options;
  const [program = '', ...args] = [...through, process.execPath, BIN, 'serve', '--addr', '127.0.0.1:0', ...flags];
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ready = within(
    START_MS,
    'the start',
    whenReady(child, () => printed.stderr),
    () => printed.stderr,
  );
  // A test that kills a server while it starts does not wait for it.
  ready.catch(() => undefined);
  return {
    pid: child.pid as number,
    ready,
    exited,
    log: () => printed.stderr,
    lines: () => jsonLines(printed.stderr),
    stdout: () => printed.stdout,
    kill: (signal) => child.kill(signal),
    stop: () => {
      child.kill('SIGTERM');
      return within(STOP_MS, 'the stop', exited, () => printed.stderr);
    },
  };
}

/** The same, once it takes tasks; and its address. */
export async function launchReady(options: ServerOptions): Promise<ServerProcess & { readonly url: string }> {
  const server = launch(options);
  return { ...server, url: await server.ready };
}

function whenReady(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const url = jsonLines(log()).find((line) => 'url' in line)?.url;
      if (typeof url === 'string') resolve(url);
    });
    child.once('close', () => reject(new Error(`the server ended before it took tasks:\n${log()}`)));
  });
}

/** What a promise gives, unless it takes too long: then an error with the log, instead of a test that hangs. */
export async function within<T>(ms: number, what: string, promise: Promise<T>, log: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms; its log:\n${log()}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Only whole lines; the last one may still be on its way. */
function jsonLines(log: string): LogLine[] {
  const lines = log.slice(0, log.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}
