import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type ExecGoServer, resolveSettings, type SettingsInput, startServer } from '../../src/index.js';

type Headers = Readonly<Record<string, string>>;

export interface RunningServer extends ExecGoServer {
  /** Folder that its relative paths start at. */
  readonly cwd: string;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  post(path: string, body: unknown, headers?: Headers): Promise<Answered>;
  get(path: string, headers?: Headers): Promise<Answered>;
  /** Submits one task and waits for its end; to the task, or to what the submission was refused with. */
  run(task: Readonly<Record<string, unknown>>, headers?: Headers): Promise<Readonly<Record<string, unknown>>>;
}

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A folder of its own, removed at the end of the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'execgo-app-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The server in this process, on a free port, with the memory store unless another is asked for; closed with the test. */
export async function startTestServer(
  options: SettingsInput = {},
  cwd = freshFolder(),
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const log: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const defaults: SettingsInput = { addr: '127.0.0.1:0', store: 'memory', shutdownTimeout: 0 };
  const resolved = resolveSettings({ cwd, env, options: { ...defaults, ...options } });
  const server = await startServer(resolved, { logger, cwd });
  onTestFinished(() => server.close());
  const { url } = server;

  const post: RunningServer['post'] = async (path, body, headers = {}) => {
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers } };
    return answered(await fetch(url + path, { ...init, body: JSON.stringify(body) }));
  };
  const get: RunningServer['get'] = async (path, headers = {}) => answered(await fetch(url + path, { headers }));
  const run: RunningServer['run'] = async (task, headers) => {
    const { status, body } = await post('/tasks', { tasks: [{ id: 'only', ...task }] }, headers);
    return status === 202 ? (await get('/tasks/only?wait=50000', headers)).body : body;
  };
  return { ...server, cwd, log, post, get, run };
}

async function answered(response: Response): Promise<Answered> {
  return { status: response.status, body: JSON.parse(await response.text()) };
}
