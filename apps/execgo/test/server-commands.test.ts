import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/registry.js';
import type { SettingsInput } from '../src/index.js';
import { execgo, type ProcessOptions, printed } from './support/command-line.js';
import { freshFolder, type RunningServer, startTestServer } from './support/running-server.js';

const noop = (id: string, ...dependsOn: string[]) => ({ id, type: 'os', tool_name: 'noop', depends_on: dependsOn });
const sleeping = (id: string) => ({ id, type: 'os', tool_name: 'sleep', input: { duration_ms: 60_000 } });
const graphOf = (...tasks: object[]) => JSON.stringify({ tasks });
const TERMINAL = { isStdoutTerminal: true, terminalSize: () => ({ columns: 100, rows: 24 }) };

async function startAsked(options: SettingsInput = {}) {
  const server = await startTestServer({ sandbox: 'off', ...options });
  const env = { EXECGO_URL: server.url, NO_COLOR: '1' };
  return {
    ...server,
    /** One JSON object on stdout. */
    ask: (argv: readonly string[], stdin = '') => execgo(server.cwd, argv, env, { stdin }),
    /** Text. */
    print: (argv: readonly string[], more: ProcessOptions = {}) => printed(server.cwd, argv, { env, ...more }),
  };
}

/** A loopback address on which nothing listens. */
async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

async function untilRunning(server: Pick<RunningServer, 'kernel'>, id: string): Promise<void> {
  for await (const event of server.kernel.watch({ after: 0, task_id: id })) if (event.type === 'task_started') return;
}

describe('stdout is exactly one JSON object: {"ok":true,"data":…}, exit status 0', () => {
  it('health', async () => {
    const { ask } = await startAsked();
    expect(await ask(['health'])).toEqual({
      status: 0,
      json: { ok: true, data: expect.objectContaining({ status: 'ok', version: expect.stringMatching(/^v/) }) },
      stderr: '',
    });
  });

  it('submit takes a graph from stdin or -file, and a repeat with its key is answered with the first receipt', async () => {
    const { ask, cwd } = await startAsked();
    const first = await ask(['submit', '-idempotency-key', 'k1'], graphOf(noop('a'), noop('b', 'a')));
    expect(first).toMatchObject({ status: 0, json: { ok: true, data: { accepted: 2, task_ids: ['a', 'b'] } } });
    writeFileSync(join(cwd, 'g.json'), graphOf(noop('a'), noop('b', 'a')));
    expect(await ask(['submit', '-file', 'g.json', '--idempotency-key=k1'])).toEqual(first);
  });

  it('wait: tasks, all_terminal and the deadline, in the order that was asked for', async () => {
    const { ask } = await startAsked();
    await ask(['submit'], graphOf(noop('a'), noop('b', 'a')));
    const { status, json } = await ask(['wait', '-task-ids', ' b , a', '-timeout', '1m', '-interval', '500ms']);
    expect({ status, json }).toEqual({
      status: 0,
      json: {
        ok: true,
        data: {
          tasks: [expect.objectContaining({ id: 'b', status: 'success' }), expect.objectContaining({ id: 'a' })],
          all_terminal: true,
          deadline_rfc3339: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      },
    });
    const unbounded = await ask(['wait', 'a', '--timeout', '0']);
    expect(unbounded.json?.data).not.toHaveProperty('deadline_rfc3339');
  });

  it('wait --graph: all tasks of a graph, in order of submission', async () => {
    const { ask } = await startAsked();
    const { json } = await ask(['submit'], graphOf(noop('a'), noop('b', 'a')));
    const waited = await ask(['wait', '--graph', String(json?.data?.graph_id)]);
    expect(waited).toMatchObject({
      status: 0,
      json: { data: { tasks: [{ id: 'a' }, { id: 'b' }], all_terminal: true } },
    });
  });

  it('get, list and cancel', async () => {
    const server = await startAsked();
    const { ask } = server;
    await ask(['submit'], graphOf(noop('a'), { ...noop('b'), annotations: { who: 'me' } }, sleeping('long')));
    await untilRunning(server, 'long');
    expect((await ask(['get', 'a', '--wait', '10s'])).json).toMatchObject({
      ok: true,
      data: { id: 'a', status: 'success' },
    });
    await ask(['wait', 'a', 'b']);
    const page = await ask(['list', '--limit', '2', '--type', 'os']);
    expect(page.json).toMatchObject({ data: { tasks: [{ id: 'long' }, { id: 'b' }], next: expect.any(String) } });
    const rest = await ask(['list', '--cursor', String(page.json?.data?.next)]);
    expect(rest.json?.data).toEqual({ tasks: [expect.objectContaining({ id: 'a' })] });
    expect((await ask(['list', '--status', 'running', '--all'])).json).toMatchObject({
      data: { tasks: [{ id: 'long' }] },
    });
    expect((await ask(['list', '--annotation', 'who=me'])).json).toMatchObject({ data: { tasks: [{ id: 'b' }] } });
    const cancelled = await ask(['cancel', 'long', '--reason', 'enough']);
    expect(cancelled.json).toMatchObject({
      data: { run_status: 'cancelled', error: expect.stringContaining('enough') },
    });
  });

  it('cancel --graph', async () => {
    const server = await startAsked();
    const { json } = await server.ask(['submit'], graphOf(sleeping('long'), noop('after', 'long')));
    const cancelled = await server.ask(['cancel', '--graph', String(json?.data?.graph_id)]);
    expect(cancelled).toMatchObject({ status: 0, json: { data: { done: true, counts: { failed: 2 } } } });
  });

  it('logs --json, and skills', async () => {
    const server = await startAsked({ skillsDir: ['skills'] });
    writeSkill(server.cwd);
    await server.ask(['submit'], graphOf({ id: 'hi', type: 'shell', params: { command: 'echo', args: ['hello'] } }));
    await server.ask(['wait', 'hi']);
    expect((await server.ask(['logs', 'hi', '--json'])).json).toMatchObject({ data: { stdout: { text: 'hello\n' } } });
    expect((await server.ask(['skills'])).json).toMatchObject({ data: { skills: [{ name: 'greet' }] } });
    expect((await server.ask(['skills', 'greet'])).json).toMatchObject({
      data: { body: expect.stringContaining('Say') },
    });
    expect((await server.print(['skills', 'greet', '--file', 'SKILL.md'])).stdout).toContain('name: greet');
  });
});

function writeSkill(cwd: string): void {
  mkdirSync(join(cwd, 'skills', 'greet'), { recursive: true });
  writeFileSync(
    join(cwd, 'skills', 'greet', 'SKILL.md'),
    '---\nname: greet\ndescription: Greets people.\n---\nSay hello.\n',
  );
}

describe('exit status', () => {
  it('1 for an HTTP error: message "HTTP <code>", with status_code and body', async () => {
    const { ask } = await startAsked();
    expect(await ask(['get', 'nobody'])).toMatchObject({
      status: 1,
      json: {
        ok: false,
        error: {
          message: 'HTTP 404',
          status_code: 404,
          body: { error: 'task not found: nobody', code: 'not_found' },
        },
      },
    });
    expect(await ask(['submit'], graphOf({ id: 'a', type: 'nope' }))).toMatchObject({
      status: 1,
      json: { ok: false, error: { message: 'HTTP 400', status_code: 400 } },
    });
    expect((await ask(['wait', 'nobody'])).json?.error).toMatchObject({ status_code: 404 });
  });

  it('1 for a file that cannot be read, and for what is no JSON', async () => {
    const { ask } = await startAsked();
    expect(await ask(['submit', '-file', 'nowhere.json'])).toMatchObject({
      status: 1,
      json: { ok: false, error: { message: 'nowhere.json cannot be read: there is no such file' } },
    });
    expect(await ask(['submit'], '{')).toMatchObject({
      status: 1,
      json: { ok: false, error: { message: expect.stringMatching(/^stdin: invalid JSON: /) } },
    });
  });

  it.each([
    [['wait'], 'expected tasks (--task-ids a,b) or a graph'],
    [['wait', 'a', '--graph', 'g'], 'one of the two'],
    [['wait', 'a', '-timeout', 'soon'], 'Expected a duration'],
    [['list', '--status', 'done'], 'Allowed choices are pending'],
    [['list', '--limit', '0'], 'Expected a whole number from 1'],
    [['list', '--annotation', 'x'], 'Expected key=value'],
    [['list', '--all', '--limit', '3'], '--all or --limit'],
    [['cancel'], 'expected a task or --graph'],
    [['get'], "missing required argument 'task'"],
    [['watch', '--task', 'a', '--graph', 'g'], '--task or --graph'],
    [['logs', 'a', '--json', '-f'], 'leave --follow and --stream out'],
    [['skills', '--file', 'x'], 'needs the name of a skill'],
    [['health', '--url', 'ftp://host'], '--url or EXECGO_URL'],
    [['health', '--token-file', 'nowhere'], 'cannot be read'],
    [['submit', '--idempotency-key', ''], 'idempotencyKey'],
  ])('2 for usage, told on stderr alone: %j', async (argv, message) => {
    const { status, stdout, stderr } = await printed(freshFolder(), argv, { stdin: '{}' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('3 when wait ran out of time, with what there is: ok, and all_terminal false', async () => {
    const { ask } = await startAsked();
    await ask(['submit'], graphOf(sleeping('long')));
    expect(await ask(['wait', '-task-ids', 'long', '-timeout', '50ms'])).toMatchObject({
      status: 3,
      json: { ok: true, data: { tasks: [{ id: 'long' }], all_terminal: false, deadline_rfc3339: expect.any(String) } },
    });
  });

  it.each([[['health']], [['submit']], [['wait', 'a']], [['get', 'a']], [['cap']]])(
    '4 when the server cannot be reached: %j',
    async (argv) => {
      const url = await nowhere();
      const { status, json } = await execgo(freshFolder(), argv, { EXECGO_URL: url }, { stdin: graphOf(noop('a')) });
      expect({ status, json }).toEqual({
        status: 4,
        json: {
          ok: false,
          error: { message: expect.stringContaining(url), hint: expect.stringContaining('ensure-running') },
        },
      });
    },
  );
});

describe('the token', () => {
  it('is read from EXECGO_TOKEN, from --token-file, and from the address as clients of version 1 wrote it', async () => {
    const server = await startTestServer({ token: 'secret-1', sandbox: 'off' });
    const { url, cwd } = server;
    writeFileSync(join(cwd, 'token'), 'secret-1\n', { mode: 0o600 });
    writeFileSync(join(cwd, 'named'), '{"tokens":[{"name":"a","token":"secret-2","scopes":["read"]}]}', {
      mode: 0o600,
    });
    const list = (argv: readonly string[], env: Record<string, string>) =>
      execgo(cwd, ['list', ...argv], { EXECGO_URL: url, ...env });
    expect(await list([], {})).toMatchObject({
      status: 1,
      json: { error: { message: 'HTTP 401', hint: expect.stringContaining('EXECGO_TOKEN') } },
    });
    expect((await list([], { EXECGO_TOKEN: 'secret-1' })).status).toBe(0);
    expect((await list(['--token-file', 'token'], { EXECGO_TOKEN: 'wrong' })).status).toBe(0);
    expect((await list([], { EXECGO_TOKEN_FILE: 'token' })).status).toBe(0);
    expect((await list([], { EXECGO_URL: url.replace('//', '//me:secret-1@') })).status).toBe(0);
    const named = await list(['--token-file', 'named'], {});
    expect(named).toMatchObject({ status: 2, json: undefined });
    expect(named.stderr).toContain('named tokens of a server');
  });
});

describe('logs', () => {
  it('are the bytes that the task wrote, each stream on its own', async () => {
    const { ask, print } = await startAsked({ shellPolicy: 'open' });
    const script = String.raw`printf '\377\000'; printf err >&2`;
    await ask(['submit'], graphOf({ id: 'a', type: 'shell', params: { script } }));
    await ask(['wait', 'a']);
    const bytes = { stdout: [] as number[], stderr: [] as number[] };
    const writeBytes: ProcessOptions['writeBytes'] = (stream, chunk) => void bytes[stream].push(...chunk);
    expect(await print(['logs', 'a'], { writeBytes })).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(bytes).toEqual({ stdout: [255, 0], stderr: [...Buffer.from('err')] });
    expect((await print(['logs', 'a', '--stream', 'stderr'])).stderr).toBe('err');
  });

  it('-f goes on until the task has ended', async () => {
    const server = await startAsked({ shellPolicy: 'open' });
    const script = 'echo first; while [ ! -e go ]; do sleep 0.05; done; echo second';
    await server.ask(['submit'], graphOf({ id: 'a', type: 'shell', params: { script } }));
    let seen = '';
    const writeBytes: ProcessOptions['writeBytes'] = (_, chunk) => {
      seen += Buffer.from(chunk).toString();
      if (seen === 'first\n') writeFileSync(join(server.cwd, 'workspace', 'go'), '');
    };
    expect(await server.print(['logs', '-f', 'a'], { writeBytes })).toMatchObject({ status: 0 });
    expect(seen).toBe('first\nsecond\n');
  });

  it('of an unknown task: exit status 1, and the reason on stderr', async () => {
    const { print } = await startAsked();
    expect(await print(['logs', 'nobody'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'error: HTTP 404: task not found: nobody\n',
    });
  });
});

it.each([
  [['list', '--all'], 6],
  [['watch', '--after', '0', '--count', '8'], 8],
  [['logs', 'said'], 1],
])('%j waits for its reader between two writes', async (argv, writes) => {
  const { ask, print } = await startAsked();
  const said = { id: 'said', type: 'os', tool_name: 'shell', input: { command: 'echo', args: ['hello'] } };
  await ask(['submit'], graphOf(said, noop('b'), noop('c'), noop('d')));
  await ask(['wait', 'said', 'b', 'c', 'd']);
  let waits = 0;
  const drained = async () => {
    waits += 1;
  };
  const { status, stdout } = await print(argv, { drained });
  expect({ status, waits }).toEqual({ status: 0, waits: writes });
  if (argv[0] === 'list') expect(JSON.parse(stdout).data.tasks).toHaveLength(4);
});

it('JSON holds no control of C1 or DEL as it is, and means the same', async () => {
  const { ask, print } = await startAsked();
  const message = 'a\u007f\u009b2J\u0085é';
  const graph = { tasks: [{ id: 'a', type: 'noop', params: { message } }] };
  await ask(['submit'], JSON.stringify(graph));
  await ask(['wait', 'a']);
  for (const argv of [['get', 'a'], ['list'], ['list', '--all'], ['watch', '--after', '0', '--count', '2', '--json']]) {
    const { stdout } = await print(argv);
    expect(stdout).toContain(String.raw`a\u007f\u009b2J\u0085é`);
    expect(stdout).not.toMatch(/[\u007f-\u009f]/);
  }
  expect((await ask(['get', 'a'])).json?.data).toMatchObject({ result: { message } });
  const { stdout } = await print(['run', '-'], { stdin: JSON.stringify(graph) });
  expect(stdout).not.toMatch(/[\u007f-\u009f]/);
  expect(JSON.parse(stdout).data.tasks[0].result).toMatchObject({ message });
});

describe('logs on a terminal', () => {
  const wrote = String.raw`printf 'a\033[31mred\033[0m\033]0;pwn\007\302\2332J\r\n\tb\n'; printf '\033[2Jerr' >&2`;

  it.each([[[]], [['--follow']]])('have no control sequences: %j', async (flags) => {
    const { ask, print } = await startAsked({ shellPolicy: 'open' });
    await ask(['submit'], graphOf({ id: 'a', type: 'shell', params: { script: wrote } }));
    await ask(['wait', 'a']);
    const shown = await print(['logs', 'a', ...flags], { isStdoutTerminal: true, isTerminal: true });
    expect(shown).toEqual({ status: 0, stdout: 'ared\n\tb\n', stderr: 'err' });
  });

  it('have them with --raw, and in a pipe', async () => {
    const { ask, print } = await startAsked({ shellPolicy: 'open' });
    await ask(['submit'], graphOf({ id: 'a', type: 'shell', params: { script: wrote } }));
    await ask(['wait', 'a']);
    const raw = await print(['logs', 'a', '--raw'], { isStdoutTerminal: true, isTerminal: true });
    expect(raw.stdout).toBe('a\u001b[31mred\u001b[0m\u001b]0;pwn\u0007\u009b2J\r\n\tb\n');
    expect(await print(['logs', 'a'])).toEqual(raw);
  });
});

it('4 for a port that is blocked, and what to do about it', async () => {
  const { status, json } = await execgo(freshFolder(), ['health'], { EXECGO_URL: 'http://127.0.0.1:6000' });
  expect({ status, json }).toMatchObject({
    status: 4,
    json: { error: { hint: expect.stringContaining('another one') } },
  });
});

describe('watch', () => {
  it('prints each event once as a JSON line, and goes on behind --after', async () => {
    const { ask, print } = await startAsked();
    const { json } = await ask(['submit'], graphOf(noop('a'), noop('b', 'a')));
    const graph = String(json?.data?.graph_id);
    await ask(['wait', 'a', 'b']);
    const seqs = async (argv: readonly string[]) => {
      const { status, stdout } = await print(['watch', ...argv]);
      expect(status).toBe(0);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).seq);
    };
    expect(await seqs(['--graph', graph, '--count', '7'])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await seqs(['--after', '4', '--count', '3'])).toEqual([5, 6, 7]);
    expect(await seqs(['--task', 'b', '--count', '2'])).toEqual([3, 6]);
  });

  it('for people a line each', async () => {
    const { ask, print } = await startAsked();
    await ask(['submit'], graphOf(noop('a')));
    await ask(['wait', 'a']);
    const { stdout } = await print(['watch', '-after', '0', '-count', '3'], TERMINAL);
    expect(stdout).toMatch(
      /^1 +\S+ {2}graph_submitted.*\n2 +\S+ {2}task_submitted {2}a .*\n3 +\S+ {2}task_started +a .*\n$/,
    );
  });
});

describe('for people on a terminal', () => {
  it('list is a table, get tells what matters, errors are a sentence on stderr; --json gives JSON all the same', async () => {
    const { ask, print } = await startAsked();
    await ask(['submit'], graphOf({ id: 'hi', type: 'shell', params: { command: 'echo', args: ['one\ntwo'] } }));
    await ask(['wait', 'hi']);
    const list = await print(['list'], TERMINAL);
    expect(list.stdout).toMatch(/^TASK +STATUS +TOOL .*\nhi +success +os\.shell /);
    const get = await print(['get', 'hi'], TERMINAL);
    expect(get.stdout).toMatch(/^✔ hi {2}success\n {2}tool: +os\.shell\n/);
    expect(get.stdout).toContain('    stdout:\n      one\n      two\n');
    expect(JSON.parse((await print(['get', 'hi', '--json'], TERMINAL)).stdout)).toMatchObject({
      ok: true,
      data: { id: 'hi' },
    });
    expect(await print(['get', 'nobody'], TERMINAL)).toEqual({
      status: 1,
      stdout: '',
      stderr: 'error: HTTP 404: task not found: nobody\n',
    });
    expect((await print(['list', '--status', 'failed'], TERMINAL)).stdout).toBe('no tasks\n');
    expect((await print(['skills'], TERMINAL)).stdout).toContain('no skills');
  });
});

describe('every command', () => {
  it('has help with an example, on stderr, with exit status 0', async () => {
    for (const { name } of COMMANDS) {
      const { status, stdout, stderr } = await printed('/', [name, '--help']);
      expect({ name, status, stdout }).toEqual({ name, status: 0, stdout: '' });
      expect(stderr).toMatch(/^Usage: execgo /);
      if (!['backup', 'migrate', 'doctor', 'mcp', 'openapi'].includes(name)) {
        expect(stderr).toMatch(/\nExample:\n {2}\S/);
      }
    }
  });

  it('execgocli is the same program without the server as its default', async () => {
    const { status, stdout, stderr } = await printed('/', [], { name: 'execgocli' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: execgocli \[options\] \[command\]\n/);
    expect(stderr).not.toContain('the default command');
    expect((await printed('/', ['--help'])).stderr).toContain('run the server (the default command)');
    const server = await startTestServer({ sandbox: 'off' });
    const { json } = await execgo(server.cwd, ['health'], { EXECGO_URL: server.url }, { name: 'execgocli' });
    expect(json).toMatchObject({ ok: true });
  });
});
