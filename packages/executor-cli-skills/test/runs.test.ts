import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExecGoError } from '@execgo/core';
import { type Command, type Confinement, childEnvironment, noConfinement, ProcessTree } from '@execgo/process';
import { freshRun, living, until } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import { Bench, useBench } from './support/bench.js';

describe('cli.run and the form of v1: {command, args} under the shell policy', () => {
  const under = useBench();

  it.each([undefined, '', 'cli.run'])('with the tool name %j', async (tool) => {
    expect(await under.bench.run(tool, { command: 'echo', args: ['a b', '$HOME', '*', ';'] })).toEqual({
      command: 'echo',
      args: ['a b', '$HOME', '*', ';'],
      output: 'a b $HOME * ;\n',
      stdout: 'a b $HOME * ;\n',
      stderr: '',
      exit_code: 0,
    });
  });

  it.each(['rm', 'sh', '/bin/sh', '../ls', 'echo hi', '/opt/evil/ls', 'LS'])(
    'the allowlist denies %j, as for the shell',
    async (command) => {
      const error = await under.bench.check('cli.run', { command });
      expect(error).toMatchObject({ code: 'denied', message: expect.stringContaining('EXECGO_SHELL_POLICY=open') });
    },
  );

  it('denies variables that make a listed command run other code', async () => {
    expect(await under.bench.check(undefined, { command: 'ls', env: { LD_PRELOAD: '/x.so' } })).toMatchObject({
      code: 'denied',
    });
    expect(await under.bench.check(undefined, { command: 'ls', env: { PATH: '/x' } })).toBeUndefined();
  });

  it('what was checked is what runs, also when it is only checked as it runs', async () => {
    await expect(under.bench.execute('cli.run', { command: 'rm' })).rejects.toMatchObject({ code: 'denied' });
  });

  it.each([
    [{}, 'input.command: is required'],
    [{ command: '' }, 'input.command: must not be empty'],
    [{ command: ['ls'] }, 'input.command: expected a string, got an array'],
    [{ command: 'ls', args: 'x' }, 'input.args: expected an array of strings'],
    [{ command: 'ls', cwd: 5 }, 'input.cwd: expected a string'],
    [{ command: 'ls', limits: { pids_max: 0 } }, 'input.limits.pids_max: expected a positive integer'],
  ])('wrong fields are named: %j', async (input, message) => {
    expect(await under.bench.check(undefined, input)).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(`task "a": ${message}`),
    });
  });

  it('the policy "open" lets any program run', async () => {
    const bench = new Bench({ shellPolicy: 'open' });
    try {
      expect(await bench.run('cli.run', { command: 'sh', args: ['-c', 'echo any'] })).toMatchObject({
        output: 'any\n',
      });
      expect(await bench.check('cli.run', { command: 'no-such-program' })).toMatchObject({ code: 'not_found' });
    } finally {
      await bench.dispose();
    }
  });

  it('a request for a sandbox that is not there is denied, never ignored', async () => {
    under.bench.skill('s', { 'a.sh': 'echo' });
    for (const [tool, input] of [
      ['cli.run', { command: 'ls' }],
      ['s', {}],
    ] as const) {
      expect(await under.bench.check(tool, { ...input, sandbox: { network: false } })).toMatchObject({
        code: 'denied',
      });
      expect(await under.bench.check(tool, { ...input, sandbox: { network: true } })).toBeUndefined();
    }
  });
});

describe('a script', () => {
  const under = useBench();
  const script = (text: string, input = {}, run = freshRun()) => {
    under.bench.skill('s', { 'a.sh': text });
    return under.bench.run('s', input, run);
  };

  it('gets its arguments as they are: no shell looks at them', async () => {
    const args = ['$HOME', '*', '`id`', '; id', '--', '-c', 'ü 🚀', ''];
    expect(await script('for a; do echo "<$a>"; done', { args })).toMatchObject({
      output: args.map((arg) => `<${arg}>\n`).join(''),
      args: [join(under.bench.skills, 's/scripts/a.sh'), ...args],
    });
  });

  it('runs in the workspace or a folder of it, and is told the folder of its skill', async () => {
    const { bench } = under;
    bench.write('workspace/sub/x', '');
    const text = 'pwd; cat "$SKILL_DIR/SKILL.md" | head -2 | tail -1';
    expect(await script(text)).toMatchObject({ output: `${bench.root}\nname: s\n` });
    expect(await script(text, { cwd: 'sub' })).toMatchObject({ output: `${bench.root}/sub\nname: s\n` });
    symlinkSync('/', join(bench.root, 'out'));
    for (const cwd of ['..', '/etc']) expect(await bench.check('s', { cwd }), cwd).toMatchObject({ code: 'denied' });
    await expect(bench.execute('s', { cwd: 'out' })).rejects.toMatchObject({ code: 'denied' });
    await expect(bench.execute('s', { cwd: 'missing' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('finds its neighbours by its own path', async () => {
    const { bench } = under;
    bench.skill('s', {
      'a.sh': '. "$(dirname "$0")/lib/common.sh"; common',
      'lib/common.sh': 'common() { echo common; }',
      'b.py': 'import helper\nhelper.hi()',
      'helper.py': 'def hi(): print("helper")',
    });
    expect(await bench.run('s/a.sh')).toMatchObject({ output: 'common\n' });
    expect(await bench.run('s/b.py')).toMatchObject({ output: 'helper\n' });
  });

  it('has a clean environment: the run’s own variables, and none of the server’s secrets', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'secret');
    vi.stubEnv('EXECGO_TOKEN', 'secret');
    const run = freshRun({ attempt: 2 });
    const { stdout } = await script('env', { env: { MINE: 'yes' } }, run);
    expect(stdout).not.toContain('secret');
    expect(String(stdout).split('\n')).toEqual(
      expect.arrayContaining([
        `EXECGO_RUN=${run.runId}`,
        'EXECGO_TASK_ID=a',
        'EXECGO_ATTEMPT=2',
        'MINE=yes',
        `SKILL_DIR=${join(under.bench.skills, 's')}`,
      ]),
    );
  });

  it('stdin is fed; without, it is empty', async () => {
    expect(await script('cat', { stdin: 'fed' })).toMatchObject({ output: 'fed' });
    expect(await script('cat')).toMatchObject({ output: '' });
  });

  it('output holds both streams in the order in which they came', async () => {
    const { bench } = under;
    const text =
      'for n in 1 2 3 4; do if [ $((n % 2)) = 1 ]; then echo $n; else echo $n >&2; fi; until [ -e seen$n ]; do sleep 0.01; done; done';
    const run = freshRun();
    let pieces = 0;
    const output = run.output.bind(run);
    run.output = (stream, chunk) => {
      output(stream, chunk);
      pieces += 1;
      writeFileSync(join(bench.root, `seen${pieces}`), '');
    };
    expect(await script(text, {}, run)).toMatchObject({ output: '1\n2\n3\n4\n', stdout: '1\n3\n', stderr: '2\n4\n' });
    expect(run.outputText('stdout')).toBe('1\n3\n');
  });

  it('output beyond 1 MiB keeps head and tail, and says so', async () => {
    const result = await script('echo first; head -c 3000000 /dev/zero | tr "\\0" x; echo last');
    expect(result).toMatchObject({
      truncated: true,
      output: expect.stringMatching(/^first\nx[\s\S]*bytes left out[\s\S]*xlast\n$/),
    });
    expect(JSON.stringify(result).length).toBeLessThan(4 * 1024 * 1024);
  });

  it('non-zero: failed with exit_nonzero, and the output kept', async () => {
    const error = (await script('echo out; echo err >&2; exit 7').catch((reason: unknown) => reason)) as ExecGoError;
    expect(error).toMatchObject({
      code: 'exit_nonzero',
      message: 'script "a.sh" failed: exit status 7',
      details: { result: { stdout: 'out\n', stderr: 'err\n', exit_code: 7, command: expect.stringMatching(/\/sh$/) } },
    });
  });

  it('ended by a signal: exit_code −1, and which', async () => {
    await expect(script('kill -SEGV $$')).rejects.toMatchObject({
      code: 'exit_nonzero',
      details: { result: { exit_code: -1, signal: 'SIGSEGV' } },
    });
  });

  it('limits: asked for and in force are told; the server’s own are the most one gets', async () => {
    const bench = new Bench({ limits: { output_max_bytes: 100_000, wall_time_ms: 60_000 } });
    try {
      bench.skill('s', { 'a.sh': 'yes' });
      const error = (await bench
        .run('s', { limits: { output_max_bytes: 1e9 } })
        .catch((e: unknown) => e)) as ExecGoError;
      expect(error).toMatchObject({ code: 'resource_limit_exceeded' });
      expect(error.details?.details).toMatchObject({
        pid: expect.any(Number),
        sandbox: {
          name: 'none',
          requested: { limits: { output_max_bytes: 1e9 } },
          effective: { limits: { output_max_bytes: 100_000, wall_time_ms: 60_000 }, network: true },
        },
      });
    } finally {
      await bench.dispose();
    }
  });

  it('what was asked for and what held is told after a success too', async () => {
    const run = freshRun();
    await script('echo', { limits: { cpu_time_sec: 9 } }, run);
    expect(run.facts).toMatchObject({
      pid: expect.any(Number),
      sandbox: {
        name: 'none',
        requested: { limits: { cpu_time_sec: 9 } },
        effective: { limits: { cpu_time_sec: 9 }, network: true },
      },
    });
    const plain = freshRun();
    await under.bench.run('s', {}, plain);
    expect(plain.facts).toBeUndefined();
  });

  it('one that runs out of time leaves nothing running, and keeps its output', async () => {
    const run = freshRun();
    const failing = script(
      'echo begun; setsid sleep 99 & sleep 99 & sleep 99',
      { limits: { wall_time_ms: 5_000 } },
      run,
    );
    const failed = expect(failing).rejects.toMatchObject({
      code: 'timeout',
      details: { result: { output: 'begun\n', exit_code: -1 } },
    });
    await until(() => living(run.runId).length >= 3);
    await failed;
    expect(living(run.runId)).toEqual([]);
  });

  it('one that is aborted leaves nothing running', async () => {
    const run = freshRun();
    const failing = script('setsid sleep 99 & sleep 99 & echo begun; sleep 99', {}, run);
    const failed = expect(failing).rejects.toMatchObject({ code: 'timeout', message: 'attempt timed out' });
    await until(() => run.outputText('stdout') !== '');
    run.abort(new ExecGoError('timeout', 'attempt timed out'));
    await failed;
    expect(living(run.runId)).toEqual([]);
  });
});

it('a sandbox is given the workspace to write to, the skill and its interpreter to read, and what a task asks for', async () => {
  const seen: Command[] = [];
  const confinement: Confinement = {
    name: 'fake',
    isolated: true,
    confine(command) {
      seen.push(command);
      return noConfinement.confine({ ...command, network: true });
    },
  };
  const bench = new Bench({ confinement });
  try {
    bench.skill('s', { 'a.sh': 'echo a' });
    await bench.run('s', { sandbox: { network: false } });
    await bench.run('cli.run', { command: 'echo' });
    expect(seen).toMatchObject([
      { writable: [bench.root], readable: [join(bench.skills, 's'), expect.stringMatching(/\/sh$/)], network: false },
      { writable: [bench.root] },
    ]);
    expect(seen[1]?.readable).toBeUndefined();
  } finally {
    await bench.dispose();
  }
});

describe('the executor', () => {
  const under = useBench();

  it('open ends what an earlier life of its store left running', async () => {
    const storeId = `store-${process.pid}-skills`;
    const env = childEnvironment({ identity: { runId: `${storeId}/a/1`, taskId: 'a', attempt: 1 } });
    const left = await ProcessTree.start({ file: '/bin/sleep', args: ['99'], env, effective: {}, contained: false });
    try {
      await until(() => living(storeId).length === 1);
      await under.bench.executor.open?.({ storeId: 'another' });
      expect(living(storeId)).toHaveLength(1);
      await under.bench.executor.open?.({ storeId });
      expect(await left.exited).toMatchObject({ signal: 'SIGKILL' });
    } finally {
      await left.end();
    }
  });

  it('makes its workspace, and is unhealthy when that is gone', async () => {
    const bench = new Bench();
    expect(existsSync(bench.root)).toBe(true);
    await bench.executor.health?.();
    await bench.dispose();
    await expect(bench.executor.health?.()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the legacy profile', () => {
  it('restores any command, the inherited environment and unconfined folders', async () => {
    const bench = new Bench({ shellPolicy: 'open', inheritEnv: true, unconfinedFiles: true });
    try {
      vi.stubEnv('OF_THE_SERVER', 'seen');
      vi.stubEnv('EXECGO_TOKEN', 'secret');
      const args = ['-c', 'echo $OF_THE_SERVER $EXECGO_TOKEN; pwd'];
      expect(await bench.run(undefined, { command: 'sh', args, cwd: '/etc' })).toMatchObject({
        output: 'seen\n/etc\n',
      });
    } finally {
      await bench.dispose();
    }
  });
});
