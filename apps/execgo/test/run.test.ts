import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execgo, printed } from './support/command-line.js';
import { freshFolder } from './support/running-server.js';

/** Trying out a sandbox takes most of the time of a run. */
const ENV = { EXECGO_SANDBOX: 'off', NO_COLOR: '1' };
const noop = (id: string, ...dependsOn: string[]) => ({ id, type: 'os', tool_name: 'noop', depends_on: dependsOn });
const failing = (id: string) => ({ id, type: 'os', tool_name: 'file', input: { action: 'read', path: 'nowhere' } });
const graphOf = (...tasks: object[]) => JSON.stringify({ tasks });

describe('execgo run', () => {
  it('runs a graph from a file: exit status 0 when every task succeeded, and one JSON object on stdout', async () => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'graph.json'), graphOf(noop('a'), noop('b', 'a')));
    const { status, json, stderr } = await execgo(cwd, ['run', 'graph.json'], ENV);
    expect(status).toBe(0);
    expect(json).toEqual({
      ok: true,
      data: {
        graph_id: expect.stringMatching(/^g/),
        outcome: 'success',
        counts: { success: 2 },
        tasks: [
          expect.objectContaining({ id: 'a', status: 'success', result: { ok: true, message: '' } }),
          expect.objectContaining({ id: 'b', status: 'success', depends_on: ['a'] }),
        ],
      },
    });
    expect(stderr).toMatch(/^a: running .*\na: success .*\nb: running .*\nb: success .*\n2 success in /m);
    expect(existsSync(join(cwd, 'data'))).toBe(false);
  });

  it('exit status 1 when some failed or were skipped; the graph comes from stdin', async () => {
    const stdin = graphOf(failing('bad'), noop('after', 'bad'));
    const { status, json, stderr } = await execgo(freshFolder(), ['run', '-'], ENV, { stdin });
    expect(status).toBe(1);
    expect(json).toMatchObject({ ok: true, data: { outcome: 'failed', counts: { failed: 1, skipped: 1 } } });
    expect(stderr).toContain('after: skipped  dependency bad failed');
  });

  it.each([
    ['addresses of a server', { EXECGO_ADDR: ':8080', EXECGO_GRPC_ADDR: ':50051' }],
    ['addresses of a server, in the legacy profile', { EXECGO_GRPC_ADDR: ':50051', EXECGO_PROFILE: 'legacy' }],
    ['a token that cannot be one', { EXECGO_TOKEN: 'two words' }],
    ['half of TLS', { EXECGO_GRPC_TLS_CERT: 'nowhere.pem' }],
    ['limits of requests', { EXECGO_MAX_BODY: 'huge' }],
  ])('settings of listeners are no reason to refuse: %s', async (_, env) => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'execgo.config.json'), JSON.stringify({ grpcAddr: ':50052', allowedOrigins: 7 }));
    const { status, stderr } = await execgo(cwd, ['run', '-'], { ...ENV, ...env }, { stdin: graphOf(noop('a')) });
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringContaining('error') });
  });

  it('the token file of a server is as closed to tasks as it is there', async () => {
    const cwd = freshFolder();
    mkdirSync(join(cwd, 'workspace'));
    writeFileSync(join(cwd, 'workspace', 'token'), 'secret-1', { mode: 0o600 });
    const stdin = graphOf({ id: 'a', type: 'file', params: { action: 'read', path: 'token' } });
    const env = { ...ENV, EXECGO_TOKEN_FILE: 'workspace/token' };
    const { status, json } = await execgo(cwd, ['run', '-'], env, { stdin });
    expect(status).toBeGreaterThan(0);
    expect(JSON.stringify(json)).not.toContain('secret-1');
  });

  it.each([
    [{ EXECGO_PROFILE: 'legacy' }, 'warning: LEGACY PROFILE: scripts run, files are not confined'],
    [{ EXECGO_SHELL_POLICY: 'open' }, 'warning: --shell-policy open: tasks can run any command as this user'],
  ])('what is to be wary of is told: %j', async (env, warning) => {
    const ran = await execgo(freshFolder(), ['run', '-'], { ...ENV, ...env }, { stdin: graphOf(noop('a')) });
    expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining(warning) });
  });

  it('an error that quotes the graph sends no control sequence to a terminal', async () => {
    const stdin = graphOf({ id: 'a', type: 'evil\u001b]0;pwn\u0007\u009b2J' });
    const ran = await printed(freshFolder(), ['run', '-'], { env: ENV, stdin, isStdoutTerminal: true });
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('unknown task type: evil') });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(ran.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it.each([
    ['no JSON', '{"tasks": [', 'stdin: invalid JSON'],
    ['nothing', ' ', 'stdin: expected JSON, got nothing'],
    ['a cycle', graphOf(noop('a', 'b'), noop('b', 'a')), 'cycle detected in task graph'],
    ['an unknown type', graphOf({ id: 'a', type: 'nope' }), 'unknown task type: nope'],
    ['a misspelt field', graphOf({ id: 'a', type: 'noop', dependson: [] }), 'depends_on'],
    ['what the policy refuses', graphOf({ id: 'a', type: 'shell', params: { command: 'rm' } }), 'rm'],
  ])('exit status 2 for an invalid graph: %s', async (_, stdin, message) => {
    const { status, json } = await execgo(freshFolder(), ['run', '-'], ENV, { stdin });
    expect({ status, json }).toEqual({
      status: 2,
      json: { ok: false, error: expect.objectContaining({ message: expect.stringContaining(message) }) },
    });
  });

  it.each([
    [[], "missing required argument 'graph'"],
    [['a', 'b'], "too many arguments for 'run'"],
    [['a', '--addr', ':1'], "unknown option '--addr'"],
    [['a', '--store', '@acme/none'], 'the package @acme/none is not installed'],
    [['a', '--max-concurrency', '0'], '--max-concurrency: expected a whole number from 1'],
  ])('exit status 2 for usage: run %j', async (argv, message) => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'a'), graphOf(noop('a')));
    const { status, stdout, stderr } = await printed(cwd, ['run', ...argv], { env: ENV });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('exit status 1 for a file that cannot be read', async () => {
    const { status, json } = await execgo(freshFolder(), ['run', 'nowhere.json'], ENV);
    expect(status).toBe(1);
    expect(json?.error).toMatchObject({ message: 'nowhere.json cannot be read: there is no such file' });
  });

  it('keeps everything where --data-dir is given, and a repeat with the same key is the same run', async () => {
    const cwd = freshFolder();
    const stdin = graphOf(noop('a'));
    const once = () => execgo(cwd, ['run', '-', '-data-dir', 'kept', '--idempotency-key', 'k1'], ENV, { stdin });
    const first = await once();
    expect(first.status).toBe(0);
    expect(existsSync(join(cwd, 'kept'))).toBe(true);
    const second = await once();
    expect(second.status).toBe(0);
    expect(second.json).toEqual(first.json);
  });

  it('for people: a tree on stderr, drawn in place, and a summary on stdout; JSON with --json', async () => {
    const terminal = { isTerminal: true, isStdoutTerminal: true, terminalSize: () => ({ columns: 80, rows: 24 }) };
    const stdin = graphOf(noop('a'), failing('bad'), noop('after', 'bad'));
    const run = await printed(freshFolder(), ['run', '-'], { stdin, env: ENV, ...terminal });
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(
      /^✔ a {2}\d+ ms\n {4}\{"ok":true,"message":""\}\n✖ bad {2}.*nowhere.*\n⊘ after {2}dependency bad failed\n/,
    );
    expect(run.stdout).toMatch(/\n1 success, 1 failed, 1 skipped in .*\n$/);
    const json = await execgo(freshFolder(), ['run', '-', '--json'], ENV, { stdin, ...terminal });
    expect(json.json).toMatchObject({ ok: true, data: { counts: { success: 1, failed: 1, skipped: 1 } } });
    const refused = await printed(freshFolder(), ['run', '-'], { stdin: '{}', env: ENV, ...terminal });
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('error: task graph is empty');
  });
});
