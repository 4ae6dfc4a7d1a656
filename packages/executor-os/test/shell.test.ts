import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExecGoError, type Json } from '@execgo/core';
import { freshRun, living, spec, until } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import { Bench, useBench } from './support/executor.js';

describe('under the policy "allowlist"', () => {
  const under = useBench();

  it.each([
    ['rm', 'rm'],
    ['a shell', 'sh'],
    ['a shell by path', '/bin/sh'],
    ['env, which runs anything', 'env'],
    ['another file of an allowed name', '/opt/evil/ls'],
    ['one beside it', './ls'],
    ['one above it', '../ls'],
    ['a path that only resolves to it', '/usr/bin/../bin/ls'],
    ['a doubled slash', '//usr/bin/ls'],
    ['another case', 'LS'],
    ['a space before', ' ls'],
    ['a command line', 'echo hi'],
    ['shell syntax', 'echo;id'],
    ['a variable', '$SHELL'],
    ['a key of every object', 'constructor'],
    ['a slash at its end', 'ls/'],
  ])('denies %s: %j', async (_what, command) => {
    const error = await under.bench.check('shell', { command });
    expect(error).toMatchObject({ code: 'denied', message: expect.stringContaining('EXECGO_SHELL_POLICY=open') });
  });

  it('denies a script, and says what would allow it', async () => {
    expect(await under.bench.check('shell', { script: 'echo hi' })).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/EXECGO_SHELL_POLICY=open or a sandbox/),
    });
    expect(await under.bench.check('shell', { script: 'echo hi', command: 'echo' })).toMatchObject({ code: 'denied' });
  });

  it('what was checked is what runs: neither PATH nor the working directory of the task decides', async () => {
    const { bench } = under;
    for (const place of [bench.root, bench.base]) {
      writeFileSync(join(place, 'uname'), '#!/bin/sh\necho EVIL\n', { mode: 0o755 });
    }
    vi.stubEnv('PATH', bench.base);
    const env = { PATH: bench.root };
    expect(await bench.run('shell', { command: 'uname', env })).toMatchObject({ stdout: 'Linux\n' });
    expect(await bench.run('shell', { command: 'uname' })).toMatchObject({ stdout: 'Linux\n' });
    symlinkSync('/bin/sh', join(bench.root, 'ls'));
    expect(await bench.check('shell', { command: join(bench.root, 'ls'), args: ['-c', 'id'] })).toMatchObject({
      code: 'denied',
    });
  });

  it('allows the very file that a listed name stands for', async () => {
    expect(await under.bench.run('shell', { command: '/bin/echo', args: ['hi'] })).toMatchObject({ stdout: 'hi\n' });
    expect(await under.bench.run('shell', { command: '/usr/bin/uname' })).toMatchObject({ exit_code: 0 });
  });

  it('a listed command that is not installed is not found, at submit', async () => {
    const error = await under.bench.check('shell', { command: 'where' });
    expect(error).toMatchObject({ code: 'not_found', message: 'task "a": command not found: where' });
  });

  it.each(['LD_PRELOAD', 'BASH_FUNC_ls%%', 'LD_LIBRARY_PATH', 'BASH_ENV', 'GCONV_PATH', 'EXECGO_RUN', 'EXECGO_TOKEN'])(
    'denies the variable %s, which would run other code or hide the run',
    async (name) => {
      const error = await under.bench.check('shell', { command: 'ls', env: { [name]: '/tmp/x' } });
      expect(error).toMatchObject({ code: 'denied', message: expect.stringContaining(name) });
    },
  );

  it('it is a guard rail, not a boundary: awk is on the list and can run anything', async () => {
    const args = ['BEGIN { system("echo from a program of awk") }'];
    expect(await under.bench.run('shell', { command: 'awk', args })).toMatchObject({
      stdout: 'from a program of awk\n',
    });
  });

  it('arguments are not looked at by any shell', async () => {
    const args = ['$HOME', '*', '`id`', ';', '&&', 'id'];
    expect(await under.bench.run('shell', { command: 'echo', args })).toMatchObject({
      stdout: '$HOME * `id` ; && id\n',
    });
  });

  it('a request for a sandbox that is not there is denied, never ignored', async () => {
    const input = { command: 'ls', sandbox: { network: false } };
    expect(await under.bench.check('shell', input)).toMatchObject({ code: 'denied' });
    expect(await under.bench.check('shell', { command: 'ls', sandbox: { network: true } })).toBeUndefined();
  });
});

describe('under the policy "open"', () => {
  const under = useBench({ shellPolicy: 'open' });
  const sh = (script: string, more: Record<string, Json> = {}, run = freshRun()) =>
    under.bench.run('shell', { script, ...more }, run);

  it.each([
    [undefined, 'sh'],
    ['auto', 'sh'],
    ['AUTO', 'sh'],
    ['Sh', 'sh'],
  ])('the runner %j of a script is %s', async (runner, shown) => {
    expect(await sh('echo $0', runner === undefined ? {} : { runner })).toMatchObject({ runner: shown, exit_code: 0 });
  });

  it('runner: direct with a script is an error; with a command any runner is ignored; script wins', async () => {
    const { bench } = under;
    expect(await bench.check('shell', { script: 'x', runner: 'direct' })).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('input.runner'),
    });
    expect(await bench.check('shell', { script: 'x', runner: 'bash' })).toMatchObject({ code: 'invalid_input' });
    expect(await bench.run('shell', { command: 'echo', runner: 'bash' })).toMatchObject({ runner: 'direct' });
    expect(await bench.run('shell', { command: 'false', script: 'echo script' })).toMatchObject({ stdout: 'script\n' });
  });

  it('finds commands in PATH, and by path from the working directory', async () => {
    const { bench } = under;
    await bench.run('file', { action: 'write', path: 'bin/tool', content: '#!/bin/sh\necho mine "$@"\n' });
    await sh('chmod +x bin/tool');
    expect(await bench.run('shell', { command: './tool', dir: 'bin', args: ['a b'] })).toMatchObject({
      stdout: 'mine a b\n',
    });
    const env = { PATH: join(bench.root, 'bin') };
    expect(await bench.run('shell', { command: 'tool', env })).toMatchObject({ stdout: 'mine\n' });
    expect(await bench.check('shell', { command: 'tool' })).toMatchObject({ code: 'not_found' });
    await expect(bench.run('shell', { command: './absent' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a start that fails is launch_failed', async () => {
    await under.bench.run('file', { action: 'write', path: 'no-program', content: 'x' });
    await expect(under.bench.run('shell', { command: './no-program' })).rejects.toMatchObject({
      code: 'launch_failed',
    });
  });

  it('non-zero: failed with exit_nonzero, the message of v1, and the output kept', async () => {
    const failed = sh('echo out; echo err >&2; exit 7');
    await expect(failed).rejects.toMatchObject({
      code: 'exit_nonzero',
      message: 'command failed: exit status 7',
      details: { result: { stdout: 'out\n', stderr: 'err\n', exit_code: 7, runner: 'sh' } },
    });
  });

  it('ended by a signal: exit_code −1, and which', async () => {
    await expect(sh('kill -SEGV $$')).rejects.toMatchObject({
      code: 'exit_nonzero',
      details: { result: { exit_code: -1, signal: 'SIGSEGV' } },
    });
  });

  it('limits: asked for and in force are told; the server’s own are the most one gets', async () => {
    const bench = new Bench({ shellPolicy: 'open', limits: { output_max_bytes: 100_000, wall_time_ms: 60_000 } });
    try {
      const input = { script: 'yes', limits: { output_max_bytes: 1e9, memory_bytes: 1e9 } };
      const error = (await bench.run('shell', input).catch((reason: unknown) => reason)) as ExecGoError;
      expect(error).toMatchObject({ code: 'resource_limit_exceeded' });
      expect(error.details?.details).toMatchObject({
        pid: expect.any(Number),
        sandbox: {
          name: 'none',
          requested: { limits: { output_max_bytes: 1e9, memory_bytes: 1e9 } },
          effective: { limits: { output_max_bytes: 100_000, memory_bytes: 1e9, wall_time_ms: 60_000 }, network: true },
        },
      });
    } finally {
      await bench.dispose();
    }
  });

  it('output beyond 1 MiB keeps head and tail, and says so', async () => {
    const result = await sh('echo first; head -c 3000000 /dev/zero | tr "\\0" x; echo last');
    expect(result).toMatchObject({
      truncated: true,
      stdout: expect.stringMatching(/^first\nx[\s\S]*bytes left out[\s\S]*xlast\n$/),
    });
  });

  it('runs in the workspace, or in a folder of it', async () => {
    const { bench } = under;
    await bench.run('file', { action: 'write', path: 'sub/x', content: '' });
    expect(await sh('pwd')).toMatchObject({ stdout: `${bench.root}\n` });
    expect(await sh('pwd', { dir: 'sub' })).toMatchObject({ stdout: `${bench.root}/sub\n` });
    expect(await sh('pwd', { dir: join(bench.root, 'sub') })).toMatchObject({ stdout: `${bench.root}/sub\n` });
    symlinkSync('/', join(bench.root, 'out'));
    for (const dir of ['..', '/', '/etc', `${bench.root}-evil`]) {
      expect(await bench.check('shell', { script: 'pwd', dir }), dir).toMatchObject({ code: 'denied' });
    }
    await expect(sh('pwd', { dir: 'out' })).rejects.toMatchObject({ code: 'denied' });
    await expect(sh('pwd', { dir: 'out/etc' })).rejects.toMatchObject({ code: 'denied' });
    await expect(sh('pwd', { dir: 'missing' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has a clean environment: the run’s own variables, and none of the server’s secrets', async () => {
    vi.stubEnv('EXECGO_TOKEN', 'secret');
    vi.stubEnv('OPENAI_API_KEY', 'secret');
    const run = freshRun({ attempt: 2 });
    const { stdout } = (await sh('env', { env: { MINE: 'yes' } }, run)) as { stdout: string };
    expect(stdout).not.toContain('secret');
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([`EXECGO_RUN=${run.runId}`, 'EXECGO_TASK_ID=a', 'EXECGO_ATTEMPT=2', 'MINE=yes']),
    );
  });

  it('stdin is fed', async () => {
    expect(await under.bench.run('shell', { command: 'cat', stdin: 'fed' })).toMatchObject({ stdout: 'fed' });
  });

  it('output is reported as it comes', async () => {
    const run = freshRun();
    await sh('echo a; echo b >&2', {}, run);
    expect(run.outputText('stdout')).toBe('a\n');
    expect(run.outputText('stderr')).toBe('b\n');
  });

  it('an attempt that is aborted leaves nothing running, and keeps its output', async () => {
    const run = freshRun();
    const failing = sh('echo begun; setsid sleep 99 & sleep 99 & sleep 99', {}, run);
    await until(() => living(run.runId).length >= 4 && run.outputText('stdout') !== '');
    run.abort(new ExecGoError('timeout', 'attempt timed out'));
    await expect(failing).rejects.toMatchObject({
      code: 'timeout',
      message: 'attempt timed out',
      details: { result: { stdout: 'begun\n', exit_code: -1 } },
    });
    expect(living(run.runId)).toEqual([]);
  });
});

describe('the legacy profile', () => {
  it('restores the inherited environment and unconfined folders', async () => {
    const bench = new Bench({ shellPolicy: 'open', inheritEnv: true, unconfinedFiles: true });
    try {
      vi.stubEnv('OF_THE_SERVER', 'seen');
      vi.stubEnv('EXECGO_TOKEN', 'secret');
      expect(await bench.run('shell', { script: 'echo $OF_THE_SERVER $EXECGO_TOKEN' })).toMatchObject({
        stdout: 'seen\n',
      });
      expect(await bench.run('shell', { script: 'pwd', dir: '/' })).toMatchObject({ stdout: '/\n' });
      expect(await bench.run('file', { action: 'stat', path: '/etc/passwd' })).toMatchObject({ name: 'passwd' });
    } finally {
      await bench.dispose();
    }
  });
});

it('open ends what an earlier life of the store left running', async () => {
  const storeId = `store-of-an-earlier-life-${process.pid}`;
  const first = new Bench({ shellPolicy: 'open' });
  const run = freshRun({ runId: `${storeId}/a/1` });
  const attempt = first.executor.execute(spec({ tool_name: 'shell', input: { script: 'sleep 99 & sleep 99' } }), run);
  const ended = attempt.catch((error: unknown) => error);
  await until(() => living(run.runId).length >= 2);
  await first.executor.open?.({ storeId });
  expect(living(run.runId)).toEqual([]);
  expect(await ended).toMatchObject({ code: 'exit_nonzero' });
  await first.dispose();
});
