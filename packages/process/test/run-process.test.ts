import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { living, until } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { childEnvironment, runProcess } from '../src/index.js';
import { freshRunId, sh } from './support/run.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'execgo-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a run', () => {
  it('gives both streams, the exit code and its pid', async () => {
    const outcome = await sh('echo out; echo err >&2; exit 3');
    expect(outcome).toMatchObject({ end: 'exited', exitCode: 3, survivors: [] });
    expect(outcome.stdout).toEqual({ text: 'out\n', bytes: 4, truncated: false });
    expect(outcome.stderr.text).toBe('err\n');
    expect(outcome.pid).toBeGreaterThan(1);
  });

  it('takes argv literally: no shell looks at it', async () => {
    const args = ['%s|', '$HOME', '*', '`id`', '; id', '', 'two words', 'ünïcödé'];
    const outcome = await runProcess({ file: '/usr/bin/printf', args, env: childEnvironment({}), limits: {} });
    expect(outcome.stdout.text).toBe('$HOME|*|`id`|; id||two words|ünïcödé|');
  });

  it('tells the signal that ended it', async () => {
    expect(await sh('kill -9 $$')).toMatchObject({ end: 'exited', exitCode: -1, signal: 'SIGKILL' });
  });

  it('has an empty stdin unless fed, and ends although it does not read what it is fed', async () => {
    expect((await sh('cat')).stdout.text).toBe('');
    expect((await sh('cat', { stdin: 'fed ünïcödé' })).stdout.text).toBe('fed ünïcödé');
    expect((await sh('wc -c', { stdin: new Uint8Array(3_000_000) })).stdout.text.trim()).toBe('3000000');
    expect(await sh('exit 7', { stdin: 'x'.repeat(3_000_000) })).toMatchObject({ exitCode: 7 });
  });

  it('gets the environment it is given, and nothing of the server', async () => {
    vi.stubEnv('SECRET_OF_THE_SERVER', 'hunter2');
    vi.stubEnv('EXECGO_TOKEN', 'hunter3');
    const runId = freshRunId();
    const names = (await sh('env', { runId })).stdout.text.split('\n').map((line) => line.split('=')[0] ?? '');
    const allowed = [
      'PATH',
      'HOME',
      'LANG',
      'TZ',
      'EXECGO_RUN',
      'EXECGO_TASK_ID',
      'EXECGO_ATTEMPT',
      'PWD',
      '_',
      'SHLVL',
      'OLDPWD',
      '',
    ];
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
    expect((await sh('echo $EXECGO_RUN $EXECGO_TASK_ID $EXECGO_ATTEMPT', { runId })).stdout.text).toBe(
      `${runId} task 1\n`,
    );
  });

  it.each([
    ['a program that does not exist', '/no/such/program', 'not_found'],
    ['a name that is not in PATH', 'no-such-program-anywhere', 'not_found'],
    ['a file that cannot be executed', '/etc/passwd', 'launch_failed'],
    ['a folder', '/tmp', 'launch_failed'],
  ])('that cannot start: %s', async (_what, file, code) => {
    const run = runProcess({ file, args: [], env: childEnvironment({}), limits: {} });
    await expect(run).rejects.toMatchObject({ code });
  });

  it('that cannot start says so of a missing working directory', async () => {
    await expect(sh('true', { cwd: join(folder, 'missing') })).rejects.toMatchObject({
      code: 'not_found',
      message: `working directory not found: ${join(folder, 'missing')}`,
    });
  });
});

describe('its end', () => {
  it('a grandchild that holds stdout does not hold up the result, and is killed', async () => {
    const runId = freshRunId();
    const before = performance.now();
    const outcome = await sh('echo early; sleep 99 & exit 0', { runId });
    // Far from the 99 s; run-process.timing.test.ts measures it.
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(outcome).toMatchObject({ end: 'exited', exitCode: 0 });
    expect(outcome.stdout.text).toBe('early\n');
    expect(living(runId)).toEqual([]);
  });

  it('what a grandchild writes within the grace is kept', async () => {
    const outcome = await sh('(sleep 0.05; echo late) & exit 0', { graceMs: 30_000 });
    expect(outcome.stdout.text).toBe('late\n');
  });

  it.skipIf(!existsSync('/usr/bin/python3'))(
    'a process whose first thread has ended, while another goes on, is ended too',
    async () => {
      const beats = join(folder, 'beats');
      const exit = process.arch === 'x64' ? 60 : 93;
      const program = [
        'import ctypes, threading, time',
        'def beat():',
        '  for _ in range(3000):',
        `    open(${JSON.stringify(beats)}, 'a').write('.')`,
        '    time.sleep(0.01)',
        'threading.Thread(target=beat).start()',
        `ctypes.CDLL(None).syscall(${exit}, 0)`,
      ].join('\n');
      const wait = `while ! test -s ${beats}; do sleep 0.02; done`;
      const outcome = await sh(`setsid python3 -c "$PROGRAM" >/dev/null 2>&1 & ${wait}; sleep 0.1`, {
        env: { ...childEnvironment({ identity: { runId: freshRunId(), taskId: 'a', attempt: 1 } }), PROGRAM: program },
      });
      expect(outcome.survivors).toEqual([]);
      const size = statSync(beats).size;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(statSync(beats).size).toBe(size);
    },
  );

  it('a grandchild that holds no stream is killed all the same, at once', async () => {
    const runId = freshRunId();
    await sh('sleep 99 >/dev/null 2>&1 & exit 0', { runId });
    expect(living(runId)).toEqual([]);
  });

  it.each([
    ['setsid', 'setsid sleep 99 >/dev/null 2>&1 & sleep 0.05'],
    ['setsid, holding stdout', 'setsid sleep 99 & sleep 0.05'],
    ['a double fork', '(setsid sh -c "sleep 99 & sleep 98 &" >/dev/null 2>&1 &) ; sleep 0.05'],
    [
      'a daemon that ignores signals',
      `setsid sh -c 'trap "" TERM HUP INT; sleep 99; sleep 99' >/dev/null 2>&1 & sleep 0.05`,
    ],
  ])('nothing is left of a run that got out of its group by %s', async (_how, script) => {
    const runId = freshRunId();
    const outcome = await sh(script, { runId });
    expect(outcome).toMatchObject({ exitCode: 0, survivors: [] });
    expect(living(runId)).toEqual([]);
  });

  it('a stray of a run too long for the quick search is found too', async () => {
    const runId = freshRunId();
    await sh('setsid sleep 99 >/dev/null 2>&1 & sleep 1.1', { runId });
    expect(living(runId)).toEqual([]);
  });

  it('leaves the processes of other runs alone', async () => {
    const other = freshRunId();
    const stop = new AbortController();
    const running = sh('exec sleep 99', { runId: other, signal: stop.signal });
    await until(() => living(other).some(({ command }) => command === 'sleep 99'));
    await sh('setsid sleep 98 >/dev/null 2>&1 & sleep 0.05');
    expect(living(other)).toHaveLength(1);
    stop.abort();
    await running;
    expect(living(other)).toEqual([]);
  });

  it('output that a slow listener has not taken yet is not lost', async () => {
    let bytes = 0;
    const outcome = await sh('head -c 400000 /dev/zero', {
      onOutput: async (_stream, chunk) => {
        await new Promise((resolve) => setTimeout(resolve, 80));
        bytes += chunk.length;
      },
    });
    expect(outcome.stdout.bytes).toBe(400_000);
    expect(bytes).toBe(400_000);
  });

  it('a listener that fails ends the run with its error', async () => {
    const runId = freshRunId();
    const run = sh('echo x; sleep 99', { runId, onOutput: () => Promise.reject(new RangeError('no')) });
    await expect(run).rejects.toThrow(RangeError);
    expect(living(runId)).toEqual([]);
  });
});

describe('an abort', () => {
  it('before the start starts nothing', async () => {
    const marker = join(folder, 'started');
    const outcome = await sh(`touch ${marker}`, { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ end: 'aborted', exitCode: -1 });
    expect(() => readFileSync(marker)).toThrow('ENOENT');
  });

  it.each([
    ['sleep 99 & sleep 99'],
    ['sleep 99 | sleep 99 | sleep 99'],
    ['setsid sleep 99 & sleep 99'],
    ['(setsid sh -c "sleep 99 & sleep 99" &); sleep 99'],
    ['trap "" HUP; sleep 99 & wait'],
  ])('ends all of: %s', async (script) => {
    const runId = freshRunId();
    const stop = new AbortController();
    const running = sh(script, { runId, signal: stop.signal });
    await until(() => living(runId).length >= 2);
    stop.abort();
    expect(await running).toMatchObject({ end: 'aborted', survivors: [] });
    expect(living(runId)).toEqual([]);
  });

  it('gives a program the time to end in order', async () => {
    const runId = freshRunId();
    const stop = new AbortController();
    const running = sh('trap "echo tidy; exit 0" TERM; echo ready; while :; do sleep 0.01; done', {
      runId,
      signal: stop.signal,
      onOutput: () => stop.abort(),
    });
    const outcome = await running;
    expect(outcome.end).toBe('aborted');
    expect(outcome.stdout.text).toBe('ready\ntidy\n');
  });

  it('kills what ignores SIGTERM, after killAfterMs', async () => {
    const runId = freshRunId();
    const stop = new AbortController();
    const before = performance.now();
    const outcome = await sh('trap "" TERM; echo ready; while :; do sleep 1; done', {
      runId,
      signal: stop.signal,
      killAfterMs: 100,
      onOutput: () => stop.abort(),
    });
    expect(outcome).toMatchObject({ end: 'aborted', signal: 'SIGKILL' });
    expect(performance.now() - before).toBeGreaterThan(90);
    expect(living(runId)).toEqual([]);
  });

  it('ends a stopped process', async () => {
    const runId = freshRunId();
    const outcome = await sh('kill -STOP $$; sleep 99', { runId, limits: { wall_time_ms: 50 } });
    expect(outcome.end).toBe('wall_time');
    expect(living(runId)).toEqual([]);
  });
});

describe('limits', () => {
  it('wall time: nothing is left, also of sh -c "sleep 99 & sleep 99"', async () => {
    const runId = freshRunId();
    const outcome = await sh('echo before; sleep 99 & sleep 99', { runId, limits: { wall_time_ms: 2_000 } });
    expect(outcome).toMatchObject({ end: 'wall_time', exitCode: -1, signal: 'SIGTERM' });
    expect(outcome.stdout.text).toBe('before\n');
    expect(living(runId)).toEqual([]);
  });

  it('output: head and tail are kept, the run goes on', async () => {
    const outcome = await sh('echo first; head -c 3000000 /dev/zero | tr "\\0" x; echo; echo last');
    expect(outcome).toMatchObject({ end: 'exited', exitCode: 0 });
    expect(outcome.stdout.bytes).toBe(3_000_012);
    expect(outcome.stdout.truncated).toBe(true);
    expect(outcome.stdout.text.startsWith('first\nxxx')).toBe(true);
    expect(outcome.stdout.text.endsWith('xxx\nlast\n')).toBe(true);
    expect(outcome.stdout.text.length).toBeLessThan(1024 * 1024 + 100);
  });

  it('output: more than 64 MiB of both streams together ends the run', async () => {
    const runId = freshRunId();
    const outcome = await sh('yes 1>&2 & yes', { runId });
    expect(outcome.end).toBe('output_limit');
    expect(outcome.stdout.bytes + outcome.stderr.bytes).toBeGreaterThan(64 * 1024 * 1024);
    expect(outcome.limits.output_max_bytes).toBe(64 * 1024 * 1024);
    expect(living(runId)).toEqual([]);
  });

  it('output: 1 GB keeps the process that reads it under 300 MB', async () => {
    const program = fileURLToPath(new URL('./support/read-a-gigabyte.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@execgo/source',
      '--import=tsx',
      program,
    ]);
    const { bytes, maxRssMb } = JSON.parse(stdout) as { bytes: number; maxRssMb: number };
    expect(bytes).toBe(1e9);
    expect(maxRssMb).toBeLessThan(300);
  });

  it('are refused when impossible', async () => {
    await expect(sh('true', { limits: { wall_time_ms: -1 } })).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'limits.wall_time_ms: expected a positive integer, got -1',
    });
  });

  it('CPU time and memory, by prlimit', async () => {
    const spin = await sh('while :; do :; done', { limits: { cpu_time_sec: 1, wall_time_ms: 55_000 } });
    expect(spin).toMatchObject({ end: 'exited', signal: 'SIGXCPU' });
    expect(spin.limits.cpu_time_sec).toBe(1);
    const script = join(folder, 'limits.sh');
    writeFileSync(script, 'ulimit -v; ulimit -t');
    const outcome = await sh(`. ${script}`, { limits: { memory_bytes: 512 * 1024 * 1024, cpu_time_sec: 9 } });
    expect(outcome.stdout.text).toBe(`${512 * 1024}\n9\n`);
  });
});
