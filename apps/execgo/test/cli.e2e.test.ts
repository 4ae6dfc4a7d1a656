import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@execgo/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/execgo.js', import.meta.url));
const HELPER = fileURLToPath(new URL('../bin/execgocli.js', import.meta.url));

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'execgo-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Watched {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  /** Resolves to the exit status. */
  readonly ended: Promise<number | null>;
}

function start(
  cwd: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Watched {
  const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.stderr += chunk;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, text, ended: once(child, 'close').then(([code]) => code) };
}

/** In a pseudo-terminal, whose output is one stream. */
function inTerminal(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Watched {
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
  return start(cwd, 'script', ['--quiet', '--return', '--command', command, '/dev/null'], { TERM: 'xterm', ...env });
}

const LONG = {
  tasks: [
    { id: 'follow', type: 'os', tool_name: 'shell', input: { command: 'tail', args: ['-f', '/dev/null'] } },
    { id: 'after', type: 'os', tool_name: 'noop', depends_on: ['follow'] },
  ],
};
/** The task is drawn while it runs, however quick the machine is: it ends when the file `go` is in its workspace. */
const UNTIL_TOLD = 'until [ -e go ]; do sleep 0.05; done; echo good morning';
const SHORT = {
  tasks: [
    { id: 'hello', type: 'os', tool_name: 'shell', input: { command: 'sh', args: ['-c', UNTIL_TOLD] } },
    { id: 'bad', type: 'os', tool_name: 'file', input: { action: 'read', path: 'nowhere' }, depends_on: ['hello'] },
  ],
};

function graphIn(cwd: string, graph: object): void {
  writeFileSync(join(cwd, 'graph.json'), JSON.stringify(graph));
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('execgo run', () => {
  it('in a pseudo-terminal: a tree that is drawn in place, colours, and a summary', async () => {
    const cwd = freshFolder();
    graphIn(cwd, SHORT);
    const { ended, text } = inTerminal(cwd, ['run', 'graph.json'], { EXECGO_SHELL_POLICY: 'open' });
    await vi.waitFor(() => expect(text.stdout).toContain('▶'), { timeout: 50_000, interval: 20 });
    writeFileSync(join(cwd, 'workspace', 'go'), '');
    expect(await ended).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(text.stdout).toMatch(/\u001b\[\d+A\r\u001b\[0J/);
    expect(text.stdout).toContain('\u001b[32m✔\u001b[0m hello');
    expect(text.stdout).toContain('good morning');
    expect(text.stdout).toMatch(/1 success.*1 failed/);
    expect(text.stdout).not.toContain('"ok":true');
  });

  it('Ctrl-C in a terminal cancels, waits until nothing runs, and ends with 130; NO_COLOR is heeded', async () => {
    const cwd = freshFolder();
    graphIn(cwd, LONG);
    const { child, ended, text } = inTerminal(cwd, ['run', 'graph.json', '--json'], { NO_COLOR: '1' });
    await vi.waitFor(() => expect(text.stdout).toContain('▶ follow'), { timeout: 50_000, interval: 20 });
    child.stdin?.write('\u0003');
    expect(await ended).toBe(130);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours, not movements of the cursor
    expect(text.stdout).not.toMatch(/\u001b\[\d+m/);
    const line = text.stdout.split('\n').find((part) => part.includes('{"ok":true'));
    const { data } = JSON.parse(line?.slice(line.indexOf('{"ok"')) ?? '');
    expect(data).toMatchObject({
      outcome: 'cancelled',
      tasks: [{ run_status: 'cancelled' }, { run_status: 'cancelled' }],
    });
    expect(isAlive(data.tasks[0].runtime.details.pid)).toBe(false);
  });

  it('in a pipe: lines on stderr, JSON on stdout, and SIGINT ends it with 130', async () => {
    const cwd = freshFolder();
    graphIn(cwd, LONG);
    const { child, ended, text } = start(cwd, process.execPath, [BIN, 'run', 'graph.json']);
    await vi.waitFor(() => expect(text.stderr).toContain('follow: running'), { timeout: 50_000, interval: 20 });
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(JSON.parse(text.stdout)).toMatchObject({ ok: true, data: { outcome: 'cancelled' } });
    expect(text.stderr).toContain('SIGINT: cancelling');
    expect(text.stderr).not.toContain('\u001b');
  });
});

describe('execgocli ensure-running', () => {
  it('starts a server that goes on by itself, where nothing answers, and finds it the next time', async () => {
    const cwd = freshFolder();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { EXECGO_URL: url.replace('//', '//me:secret-1@') };
    const ensure = async () => {
      const { ended, text } = start(cwd, process.execPath, [HELPER, 'ensure-running'], env);
      return { status: await ended, data: JSON.parse(text.stdout).data };
    };
    const { status, data } = await ensure();
    expect({ status, data }).toMatchObject({
      status: 0,
      data: { execgo: { url, reachable: true, started_by: 'execgo-serve', pid: expect.any(Number) } },
    });
    const { pid, log } = data.execgo;
    onTestFinished(async () => {
      process.kill(pid, 'SIGTERM');
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 50_000 });
    });
    expect(isAlive(pid)).toBe(true);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect((await ensure()).data.execgo).toMatchObject({ reachable: true, started_by: 'already-up' });
    expect((await fetch(`${url}/tasks`)).status).toBe(401);
    expect((await fetch(`${url}/tasks`, { headers: { Authorization: 'Bearer secret-1' } })).status).toBe(200);
  });

  it('the server has its file of named tokens, and EXECGO_TOKEN is that of the caller', async () => {
    const cwd = freshFolder();
    const url = `http://127.0.0.1:${await freePort()}`;
    const tokens = [{ name: 'me', token: 'secret-1', scopes: ['read'] }];
    writeFileSync(join(cwd, 'tokens.json'), JSON.stringify({ tokens }), { mode: 0o600 });
    writeFileSync(join(cwd, 'execgo.config.json'), JSON.stringify({ tokenFile: 'tokens.json' }));
    const env = { EXECGO_URL: url, EXECGO_TOKEN: 'secret-1' };
    const { ended, text } = start(cwd, process.execPath, [HELPER, 'ensure-running'], env);
    expect(await ended).toBe(0);
    const { pid, started_by: by } = JSON.parse(text.stdout).data.execgo;
    onTestFinished(async () => {
      process.kill(pid, 'SIGTERM');
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 50_000 });
    });
    expect(by).toBe('execgo-serve');
    const list = start(cwd, process.execPath, [HELPER, 'list'], env);
    expect([await list.ended, JSON.parse(list.text.stdout)]).toEqual([0, { ok: true, data: { tasks: [] } }]);
    expect((await fetch(`${url}/tasks`)).status).toBe(401);
  });

  it('a server that ends at once is told of, with its last words: exit status 4', async () => {
    const cwd = freshFolder();
    const env = { EXECGO_URL: `http://127.0.0.1:${await freePort()}`, EXECGO_STORE: '@acme/none' };
    const { ended, text } = start(cwd, process.execPath, [HELPER, 'ensure-running'], env);
    expect(await ended).toBe(4);
    const { data } = JSON.parse(text.stdout);
    expect(data.execgo).toMatchObject({ reachable: false, attempt_note: expect.stringContaining('@acme/none') });
    expect(data.manual_hints).toHaveLength(1);
  });
});

it.each([['completion bash'], ['openapi']])('what reads no further ends %s, and nothing is said', async (words) => {
  const { ended, text } = start(freshFolder(), 'bash', [
    '--norc',
    '-c',
    `set -o pipefail; '${process.execPath}' '${BIN}' ${words} | true`,
  ]);
  expect([0, 141]).toContain(await ended);
  expect(text.stderr).toBe('');
});

it('a reader of a pipe that is slow gets all of it, more than 1 MiB, before the program ends', async () => {
  const cwd = freshFolder();
  const message = 'm'.repeat(1000);
  const tasks = Array.from({ length: 1000 }, (_, at) => ({ id: `t${at}`, type: 'noop', params: { message } }));
  graphIn(cwd, { tasks });
  const child = spawn(process.execPath, [BIN, 'run', 'graph.json'], {
    cwd,
    env: { PATH: process.env.PATH, EXECGO_SANDBOX: 'off' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let notes = '';
  for await (const chunk of child.stderr.setEncoding('utf8')) {
    notes += chunk;
    if (notes.includes('1000 success in')) break;
  }
  let stdout = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    stdout += chunk;
    await new Promise(setImmediate);
  }
  expect(await ended).toEqual([0, null]);
  expect(stdout.length).toBeGreaterThan(1024 * 1024);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, data: { counts: { success: 1000 } } });
});
