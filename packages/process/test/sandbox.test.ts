import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { living, until } from '@execgo/testkit';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { openSandbox, Workspace } from '../src/index.js';
import { freshRunId, sh } from './support/run.js';
import { describeSandboxed, freshFolder, sandbox, sandboxedIn } from './support/sandbox.js';
import { timeouts } from './support/timeouts.js';

const workspace = freshFolder(afterAll);
const sandboxed = sandboxedIn(workspace);
/** A port of this machine that counts who comes. */
async function listener(): Promise<{ readonly port: number; readonly count: () => number }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, count: () => count };
}

/** A program for node inside: what it prints is its answer. */
function node(program: string, options: Parameters<typeof sandboxed>[1] = {}) {
  return sandboxed('', { file: process.execPath, args: ['-e', program], readable: [process.execPath], ...options });
}

describeSandboxed('a command in the sandbox', () => {
  it('reads and writes the workspace, at its own path', async () => {
    const outcome = await sandboxed('pwd; echo made > made; cat made');
    expect(outcome).toMatchObject({ exitCode: 0, stdout: { text: `${workspace}\nmade\n` } });
    expect(readFileSync(join(workspace, 'made'), 'utf8')).toBe('made\n');
  });

  it('cannot read the environment of the server, nor see it', async () => {
    const script = `cat /proc/${process.pid}/environ; for p in /proc/[0-9]*; do cat $p/environ; echo "$p"; done`;
    vi.stubEnv('SECRET_OF_THE_SERVER', 'hunter2');
    const { stdout } = await sandboxed(script);
    const outside = readFileSync('/proc/self/environ', 'utf8')
      .split('\0')
      .filter((line) => /^(PWD|PATH|HOME|LANG|TZ)=/.test(line) === false);
    for (const line of outside.filter((variable) => variable.length > 8)) expect(stdout.text).not.toContain(line);
    expect(stdout.text).not.toContain('hunter2');
    expect(stdout.text.match(/^.*\/proc\/\d+$/gm)?.length).toBeLessThanOrEqual(4);
  });

  it('cannot write outside the workspace: by a path, through /proc, by a symlink, by a hard link', async () => {
    const outside = freshFolder();
    writeFileSync(join(outside, 'file'), 'untouched');
    symlinkSync(outside, join(workspace, 'link'));
    const targets = [
      outside,
      '/',
      '/usr',
      '/usr/bin',
      '/etc',
      '/lib',
      '/var',
      '/run',
      '/dev',
      '/proc',
      '/sys',
      '/home',
      '/opt',
      '/root',
    ];
    const name = `escape-${process.pid}`;
    const script = [
      ...targets
        .flatMap((path) => [path, `/proc/1/root${path}`, `/proc/self/root${path}`])
        .map((path) => `echo x > ${path}/${name}`),
      `echo x > link/${name}; echo x > link/file; echo x > ../${name}; echo x > /proc/sys/kernel/core_pattern`,
      `ln ${outside}/file hard && echo x > hard; ln /etc/passwd hard2; mount --bind / /tmp; rm -rf /usr ${outside} 2>/dev/null; echo ended`,
    ].join('\n');
    const outcome = await sandboxed(script);
    expect(outcome.stdout.text).toBe('ended\n');
    for (const path of targets) expect(existsSync(join(path, name)), path).toBe(false);
    expect(existsSync(join(workspace, '..', name))).toBe(false);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('untouched');
    expect(existsSync('/usr/bin')).toBe(true);
  });

  it('sees no file of this machine but programs, some of /etc and what it is given', async () => {
    const outside = freshFolder();
    writeFileSync(join(outside, 'secret'), 'hunter2');
    const given = freshFolder();
    writeFileSync(join(given, 'tool'), 'a tool');
    linkSync(join(outside, 'secret'), join(given, 'same'));
    const script = `cat ${outside}/secret; ls -A /etc /root /home /var /run /tmp; cat /etc/shadow; cat ${given}/tool; echo > ${given}/tool`;
    const { stdout, stderr } = await sandboxed(script, { readable: [given] });
    expect(stdout.text).not.toMatch(/hunter2|root:[*!$]/);
    expect(stdout.text).not.toMatch(/^(shadow|sudoers|ssh|machine-id)$/m);
    expect(stdout.text).toContain('a tool');
    expect(stderr.text).toMatch(/Read-only file system/);
  });

  it('has no capability and gets no new privileges, and no further user namespace', async () => {
    const { stdout } = await sandboxed(
      'grep -E "^(Cap|NoNewPrivs)" /proc/self/status; unshare -U true && echo another',
    );
    expect(stdout.text.match(/^Cap\w+:\s+0+$/gm)).toHaveLength(5);
    expect(stdout.text).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(stdout.text).not.toContain('another');
  });

  it('gets the environment it is given and nothing of the server, and no descriptor of it', async () => {
    vi.stubEnv('SECRET_OF_THE_SERVER', 'hunter2');
    const { stdout } = await sandboxed('env; echo --; for f in /proc/self/fd/*; do readlink $f; done');
    const [environment = '', descriptors = ''] = stdout.text.split('--\n');
    const names = environment
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
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
    ];
    expect(names.filter((name) => !allowed.includes(name ?? ''))).toEqual([]);
    expect(
      descriptors
        .trim()
        .split('\n')
        .filter((target) => !/^(\/dev\/null|socket:|\/proc\/)/.test(target)),
    ).toEqual([]);
  });

  it('gets no descriptor that the server itself was started with, such as a folder', async () => {
    const program = fileURLToPath(new URL('./support/print-descriptors.ts', import.meta.url));
    const folder = openSync('/', 'r');
    onTestFinished(() => closeSync(folder));
    // Node itself shuts out the first sixteen.
    const stdio: ('ignore' | 'pipe' | 'inherit' | number)[] = ['ignore', 'pipe', 'inherit', folder, folder, folder];
    for (const high of [30, 40]) stdio[high] = folder;
    stdio.splice(0, stdio.length, ...Array.from(stdio, (entry) => entry ?? 'ignore'));
    const server = spawn(process.execPath, ['--conditions=@execgo/source', '--import=tsx', program], { stdio });
    const seen = (await text(server.stdout as Readable)).trim().split('\n');
    expect(seen).toContain('40 /dev/null');
    expect(seen.filter((line) => line.endsWith(' /'))).toEqual([]);
  });

  it('finds its folder also below /var/tmp, which is a link inside', async () => {
    const base = mkdtempSync('/var/tmp/execgo-sandboxed-');
    onTestFinished(() => rmSync(base, { recursive: true, force: true }));
    const { stdout } = await sandboxed('pwd; echo made > made', { writable: [base], cwd: base });
    expect(stdout.text).toBe(`${base}\n`);
    expect(readFileSync(join(base, 'made'), 'utf8')).toBe('made\n');
  });

  it('a variable of the task does nothing to the program that makes the sandbox', async () => {
    const outside = join(freshFolder(), 'trace');
    const env = { LD_DEBUG: 'all', LD_DEBUG_OUTPUT: outside, PATH: '/usr/bin:/bin' };
    expect((await sandboxed('true', { env })).exitCode).toBe(0);
    expect(readdirSync(join(outside, '..'))).toEqual([]);
  });

  it('without network reaches no port of this machine and resolves no name; with it, it does', async () => {
    const { port, count } = await listener();
    const program = `
      require('net').connect(${port}, '127.0.0.1').on('connect', () => { console.log('connected'); process.exit(); })
        .on('error', (error) => require('dns').lookup('example.com', (failed) => console.log(error.code, failed.code)));`;
    const off = await node(program, { network: false });
    expect(off).toMatchObject({
      network: false,
      stdout: { text: expect.stringMatching(/^(ECONNREFUSED|ENETUNREACH) E\w+\n$/) },
    });
    expect(count()).toBe(0);
    const on = await node(program);
    expect(on).toMatchObject({ network: true, stdout: { text: 'connected\n' } });
    expect(count()).toBe(1);
  });

  it('cannot switch on a network that the server has switched off', async () => {
    const offline = (await openSandbox({ mode: 'required', network: false })).confinement;
    const { port, count } = await listener();
    const program = `require('net').connect(${port}, '127.0.0.1').on('error', (error) => console.log(error.code));`;
    const outcome = await node(program, { confinement: offline });
    expect(outcome).toMatchObject({ network: false, stdout: { text: expect.stringMatching(/^E/) } });
    expect(count()).toBe(0);
    await expect(sandboxed('true', { confinement: offline, network: true })).rejects.toMatchObject({ code: 'denied' });
  });

  it('starts in a folder that is held by its descriptor', async () => {
    mkdirSync(join(workspace, 'sub'), { recursive: true });
    const folder = await Workspace.open(workspace).folder('sub');
    onTestFinished(() => folder.close());
    expect((await sandboxed('pwd', { cwd: folder.handle })).stdout.text).toBe(`${workspace}/sub\n`);
  });

  it('can use /tmp, /dev/shm and its home, of which nothing is left', async () => {
    const name = `scratch-${process.pid}`;
    const outcome = await sandboxed(
      `for d in /tmp /var/tmp /dev/shm "$HOME"; do echo x > $d/${name} && cat $d/${name}; done`,
    );
    expect(outcome.stdout.text).toBe('x\nx\nx\nx\n');
    for (const folder of ['/tmp', '/var/tmp', '/dev/shm', process.env.HOME ?? '/root']) {
      expect(existsSync(join(folder, name)), folder).toBe(false);
    }
  });
});

describeSandboxed('how a command in the sandbox ends is told as without one:', () => {
  it.each([
    ['exit 0', { exitCode: 0 }],
    ['exit 1', { exitCode: 1 }],
    ['exit 125', { exitCode: 125 }],
    ['exit 255', { exitCode: 255 }],
    ['kill -KILL $$', { exitCode: -1, signal: 'SIGKILL' }],
    ['kill -SEGV $$', { exitCode: -1, signal: 'SIGSEGV' }],
    ['kill -ABRT $$', { exitCode: -1, signal: 'SIGABRT' }],
    ['kill -TERM $$', { exitCode: -1, signal: 'SIGTERM' }],
    ['kill -PIPE $$', { exitCode: -1, signal: 'SIGPIPE' }],
  ])('%s', async (script, expected) => {
    const { end, exitCode, signal } = await sandboxed(script);
    const { end: _end, exitCode: plainCode, signal: plainSignal } = await sh(script);
    expect({ end, exitCode, ...(signal && { signal }) }).toEqual({ end: 'exited', ...expected });
    expect([exitCode, signal]).toEqual([plainCode, plainSignal]);
  });

  it.each([
    ['a program that does not exist', '/no/such/program', 'not_found'],
    ['a name that is not in PATH', 'no-such-program-anywhere', 'not_found'],
    [
      'a program that is not shown in the sandbox',
      process.execPath.startsWith('/usr') ? '/opt/program' : process.execPath,
      'not_found',
    ],
    ['a file that cannot be executed', '/etc/passwd', 'launch_failed'],
    ['a folder', '/tmp', 'launch_failed'],
  ])('that cannot start: %s', async (_what, file, code) => {
    await expect(sandboxed('', { file, args: [] })).rejects.toMatchObject({ code });
  });

  it('a working directory that is missing, or not shown', async () => {
    const cwd = join(workspace, 'missing');
    await expect(sandboxed('true', { cwd })).rejects.toMatchObject({
      code: 'not_found',
      message: `working directory not found: ${cwd}`,
    });
    await expect(sandboxed('true', { cwd: freshFolder() })).rejects.toMatchObject({ code: 'sandbox_setup_failed' });
  });

  it('a failure of the sandbox itself is none of the program', async () => {
    await expect(sandboxed('true', { writable: ['/no/such/folder'] })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: '/no/such/folder, which a command is to see in its sandbox, is not there',
    });
    const imitation = await sandboxed('echo "bwrap: execvp x: No such file or directory" >&2; exit 1');
    expect(imitation).toMatchObject({ end: 'exited', exitCode: 1 });
  });
});

describeSandboxed('the end of a command in the sandbox', () => {
  it('SIGTERM reaches the program, which may end in its own way', async () => {
    const script = 'trap "echo ending; exit 7" TERM; echo ready; while :; do sleep 0.01; done';
    const stop = new AbortController();
    const outcome = await sandboxed(script, { signal: stop.signal, onOutput: () => stop.abort() });
    expect(outcome).toMatchObject({ end: 'aborted', exitCode: 7, stdout: { text: 'ready\nending\n' } });
  });

  it('SIGKILL follows where SIGTERM is ignored, and nothing is left', async () => {
    const runId = freshRunId();
    const stop = new AbortController();
    const script = 'trap "" TERM; setsid sleep 99 & echo ready; while :; do sleep 1; done';
    const options = { runId, signal: stop.signal, killAfterMs: 100, onOutput: () => stop.abort() };
    expect(await sandboxed(script, options)).toMatchObject({ end: 'aborted', signal: 'SIGKILL', survivors: [] });
    expect(living(runId)).toEqual([]);
  });

  it('ends a stopped program, and one that has not begun', async () => {
    const runId = freshRunId();
    const stopped = await sandboxed('kill -STOP $$; sleep 99', { runId, limits: { wall_time_ms: 300 } });
    expect(stopped).toMatchObject({ end: 'wall_time', survivors: [] });
    const early = await sandboxed('sleep 99', { runId, limits: { wall_time_ms: 1 } });
    expect(early).toMatchObject({ end: 'wall_time', survivors: [] });
    expect(living(runId)).toEqual([]);
  });

  it('takes with it what it left running, whatever its environment and session', async () => {
    const runId = freshRunId();
    const mark = `98.${process.pid}`;
    const script = `setsid env -i sleep ${mark} >/dev/null 2>&1 & (setsid env -i sh -c "sleep ${mark} & sleep ${mark}" &) ; sleep 0.05; exit 4`;
    expect(await sandboxed(script, { runId })).toMatchObject({ end: 'exited', exitCode: 4, survivors: [] });
    expect(living(mark)).toEqual([]);
  });

  it('50 runs out of time with setsid and double forks leave no survivor (a small size of the long test)', async () => {
    await timeouts(50);
  });

  it('after kill -9 of the server nothing of a sandboxed run survives', async () => {
    const runId = freshRunId();
    const program = fileURLToPath(new URL('./support/run-and-wait.ts', import.meta.url));
    const args = ['--conditions=@execgo/source', '--import=tsx', program, runId, 'sandboxed'];
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    await until(() => living(runId).some(({ command }) => command === 'sleep 99'));
    server.kill('SIGKILL');
    await once(server, 'exit');
    await until(() => living(runId).length === 0);
  });
});

describeSandboxed('a confinement that is required', () => {
  it('never runs a command unconfined: a set-up that fails later fails the run', async () => {
    expect(sandbox).toMatchObject({ name: 'bubblewrap', isolated: true });
    const folder = freshFolder();
    const secret = join(folder, 'data');
    const { confinement } = await openSandbox({ mode: 'required', protectedPaths: [secret] });
    await expect(sandboxed('true', { confinement, writable: [folder] })).rejects.toMatchObject({
      code: 'sandbox_setup_failed',
      message: expect.stringContaining(`${secret} may not be touched by commands and lies in ${folder}`),
    });
  });
});
