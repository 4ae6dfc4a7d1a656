import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_FILE } from '../program-file.js';

export interface DetachedServer {
  readonly pid: number;
  /** What it logs. */
  readonly logFile: string;
  /** It has ended already, or could not be started. */
  hasEnded(): boolean;
  /** The last of what it logged itself, an earlier server left out. */
  lastWords(): string;
}

export interface DetachedOptions {
  /** `host:port` */
  readonly address: string;
  readonly tokenFile?: string;
  /** Folder of the store, which takes the log too. */
  readonly dataDir: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const LOG_NAME = 'server.log';
const LAST_BYTES = 2000;
const OWNER_ALONE = 0o600;
const OWNER_FOLDER = 0o700;

/** Starts `execgo serve` in a session of its own: it goes on when this process and its terminal are gone. */
export function startDetached({ address, tokenFile, dataDir, cwd, env }: DetachedOptions): DetachedServer {
  mkdirSync(dataDir, { recursive: true, mode: OWNER_FOLDER });
  const logFile = join(dataDir, LOG_NAME);
  const log = openSync(logFile, 'a', OWNER_ALONE);
  const { size: beganAt } = fstatSync(log);
  try {
    const flags = ['--addr', address, ...(tokenFile === undefined ? [] : ['--token-file', tokenFile])];
    const child = spawn(process.execPath, [PROGRAM_FILE, 'serve', ...flags], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    child.once('error', () => {
      ended = true;
    });
    child.unref();
    return {
      pid: child.pid ?? 0,
      logFile,
      hasEnded: () => ended,
      lastWords: () => endOf(logFile, beganAt),
    };
  } finally {
    closeSync(log);
  }
}

/** What is in a file behind an offset, or the last of it. */
export function endOf(path: string, from: number): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(LAST_BYTES, Math.max(0, size - from)));
    const length = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
