import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecGoError } from '@execgo/core';
import { openSandbox } from '@execgo/process';
import { freshRun, living } from '@execgo/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Bench, useBench } from './support/executor.js';
import { confinements, describeSandboxed, sandbox } from './support/sandbox.js';

interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
}

async function failureOf(run: Promise<unknown>): Promise<ExecGoError> {
  return (await run.then(
    (value) => expect.fail(`succeeded: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )) as ExecGoError;
}

describe.each(confinements)('commands %s', (_where, confinement) => {
  const under = useBench({ shellPolicy: 'open', confinement });

  it('take argv literally, read stdin, see what is declared, and run where they are told to', async () => {
    mkdirSync(join(under.bench.root, 'sub'));
    const args = ['-c', 'printf "%s|" "$0" "$MINE" "$(pwd)" "$(cat)"', '$(id)'];
    const input = { command: 'sh', args, env: { MINE: 'two words' }, stdin: 'fed', dir: 'sub' };
    expect(await under.bench.run('shell', input)).toMatchObject({
      stdout: `$(id)|two words|${join(under.bench.root, 'sub')}|fed|`,
      exit_code: 0,
    });
  });

  it('fail as they fail: status, signal, missing program', async () => {
    const { bench } = under;
    const run = (input: Record<string, string>) => failureOf(bench.run('shell', input));
    expect(await run({ script: 'echo kept; exit 7' })).toMatchObject({
      code: 'exit_nonzero',
      message: 'command failed: exit status 7',
      details: { result: { stdout: 'kept\n', exit_code: 7 } },
    });
    expect(await run({ script: 'kill -SEGV $$' })).toMatchObject({
      details: { result: { exit_code: -1, signal: 'SIGSEGV' } },
    });
    expect(await run({ command: './missing' })).toMatchObject({ code: 'not_found' });
  });

  it('cpu_limit_exceeded, and what held is told', async () => {
    const input = { script: 'while :; do :; done', limits: { cpu_time_sec: 1, wall_time_ms: 55_000 } };
    const error = await failureOf(under.bench.run('shell', input));
    expect(error).toMatchObject({ code: 'cpu_limit_exceeded', message: 'command used more than 1 s of CPU time' });
    expect(error.details?.details).toEqual({
      pid: expect.any(Number),
      sandbox: {
        name: confinement.name,
        requested: { limits: input.limits },
        effective: { limits: { ...input.limits, output_max_bytes: 64 * 1024 * 1024 }, network: true },
      },
    });
  });

  it('tell in runtime.details what was asked for and what held, after a success too', async () => {
    const run = freshRun();
    await under.bench.run('shell', { command: 'echo', limits: { cpu_time_sec: 9 } }, run);
    expect(run.facts).toMatchObject({
      sandbox: {
        name: confinement.name,
        requested: { limits: { cpu_time_sec: 9 } },
        effective: { limits: { cpu_time_sec: 9 }, network: true },
      },
    });
  });

  it('end with a timeout, and nothing of them is left', async () => {
    const run = freshRun();
    const input = { script: 'setsid sleep 99 & sleep 99', limits: { wall_time_ms: 200 } };
    expect(await failureOf(under.bench.run('shell', input, run))).toMatchObject({ code: 'timeout' });
    expect(living(run.runId)).toEqual([]);
  });
});

describe('memory_bytes', () => {
  it('memory_limit_exceeded, where cgroups hold it', async ({ skip }) => {
    const { confinement, state } = await openSandbox();
    if (state.limits.memory_bytes !== 'cgroup') return skip('no cgroup of this machine can be written to');
    const bench = new Bench({ shellPolicy: 'open', confinement });
    onTestFinished(() => bench.dispose());
    const limits = { memory_bytes: 50_000_000 };
    const input = { script: 'head -c 200000000 /dev/zero | tail -c 200000000 >/dev/null', limits };
    expect(await failureOf(bench.run('shell', input))).toMatchObject({
      code: 'memory_limit_exceeded',
      message: 'command used more than 50000000 bytes of memory',
      details: { details: { sandbox: { effective: { limits } } } },
    });
  });
});

describeSandboxed('in the sandbox', () => {
  const under = useBench({ confinement: sandbox });
  const sh = async (script: string, more = {}) => (await under.bench.run('shell', { script, ...more })) as ShellResult;

  it('a script is allowed under the policy "allowlist", and a command that is not listed is not', async () => {
    expect(await sh('echo free')).toMatchObject({ stdout: 'free\n', runner: 'sh' });
    expect(await under.bench.check('shell', { command: 'sh', args: ['-c', 'echo'] })).toMatchObject({ code: 'denied' });
  });

  it('a script cannot read the environment of the server, nor what lies beside the workspace', async () => {
    writeFileSync(join(under.bench.base, 'secret'), 'hunter2');
    symlinkSync(join(under.bench.base, 'secret'), join(under.bench.root, 'link'));
    const { stdout } = await sh(`cat /proc/${process.pid}/environ ../secret link ${under.bench.base}/secret; ls -A ..`);
    expect(stdout).toBe('workspace\n');
  });

  it('a script cannot write beside the workspace', async () => {
    const { base, root } = under.bench;
    symlinkSync(base, join(root, 'up'));
    await sh(`echo x > up/escaped; echo x > ../escaped; echo x > /proc/1/root${base}/escaped; echo x > inside; true`);
    expect(existsSync(join(base, 'escaped'))).toBe(false);
    expect(readFileSync(join(root, 'inside'), 'utf8')).toBe('x\n');
  });

  it('sandbox.network false cuts off the network, and is told', async () => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const fetch = { command: 'curl', args: ['-sS', '--max-time', '5', url] };
    expect(await under.bench.run('shell', fetch)).toMatchObject({ stdout: 'reached' });
    const error = await failureOf(under.bench.run('shell', { ...fetch, sandbox: { network: false } }));
    expect(error).toMatchObject({
      code: 'exit_nonzero',
      details: {
        details: { sandbox: { name: 'bubblewrap', requested: { network: false }, effective: { network: false } } },
      },
    });
  });

  it('what the operator has switched off a task cannot switch on: denied, naming the field', async () => {
    const { confinement } = await openSandbox({ mode: 'required', network: false });
    const bench = new Bench({ confinement });
    onTestFinished(() => bench.dispose());
    const input = { command: 'ls', sandbox: { network: true } };
    expect(await bench.check('shell', input)).toMatchObject({
      code: 'denied',
      message: 'task "a": sandbox.network: this server runs all commands without network',
    });
    expect(await bench.run('shell', { command: 'ls', sandbox: { network: false } })).toMatchObject({ exit_code: 0 });
    expect(await bench.run('shell', { command: 'ls' })).toMatchObject({ exit_code: 0 });
  });

  it('a sandbox that cannot be set up fails the command, which is never run without it', async () => {
    const bench = new Bench({
      confinement: (await openSandbox({ mode: 'required', protectedPaths: [join(under.bench.root, 'data')] }))
        .confinement,
      workspace: under.bench.root,
    });
    onTestFinished(() => bench.dispose());
    const error = await failureOf(bench.run('shell', { script: 'echo > ran' }));
    expect(error).toMatchObject({
      code: 'sandbox_setup_failed',
      message: expect.stringContaining('keep the two apart'),
    });
    expect(existsSync(join(under.bench.root, 'ran'))).toBe(false);
  });
});
