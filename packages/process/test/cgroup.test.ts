import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { living, until } from '@execgo/testkit';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { cgroupPlaces, placesOf } from '../src/cgroup/cgroup-mounts.js';
import { RunGroups } from '../src/cgroup/run-groups.js';
import { noConfinement, openSandbox, type RunOptions, runProcess } from '../src/index.js';
import { freshRunId, sh } from './support/run.js';
import { freshFolder, limitedBy, sandbox } from './support/sandbox.js';

const workspace = freshFolder(afterAll);

describe('the places of a process', () => {
  it('on a machine with cgroups of version 2 alone', () => {
    const mounts =
      '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n22 1 0:21 / /proc rw - proc proc rw';
    expect(placesOf('0::/system.slice/execgo.service\n', mounts)).toEqual([
      { version: 2, controllers: [], folder: '/sys/fs/cgroup/system.slice/execgo.service' },
    ]);
  });

  it('is the same after it has moved one level down', () => {
    const mounts = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
    const before = placesOf('0::/system.slice/execgo.service\n', mounts);
    expect(placesOf('0::/system.slice/execgo.service/execgo-server\n', mounts)).toEqual(before);
  });

  it('with both versions, one hierarchy for several controllers, and a path with a space', () => {
    const mounts = [
      '31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '32 30 0:28 / /sys/fs/cgroup/a\\040b rw - cgroup cgroup rw,pids,cpu',
      '33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
    ].join('\n');
    expect(placesOf('8:cpu,pids:/x\n4:memory:/y/z\n2:cpuset:/\n1:name=systemd:/\n0::/\n', mounts)).toEqual([
      { version: 1, controllers: ['pids'], folder: '/sys/fs/cgroup/a b/x' },
      { version: 1, controllers: ['memory'], folder: '/sys/fs/cgroup/memory/y/z' },
      { version: 2, controllers: [], folder: '/sys/fs/cgroup/unified' },
    ]);
  });

  it('in a container that is shown a part of the tree', () => {
    const mounts = '40 30 0:27 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids';
    expect(placesOf('8:pids:/docker/abc/in\n', mounts)).toMatchObject([{ folder: '/sys/fs/cgroup/pids/in' }]);
    expect(placesOf('8:pids:/other\n', mounts)).toMatchObject([{ folder: '/sys/fs/cgroup/pids' }]);
  });
});

const byCgroup = limitedBy.memory_bytes === 'cgroup' && limitedBy.pids_max === 'cgroup';
const why = byCgroup ? '' : ' (skipped: no cgroup of this machine can be written to)';
const plain = (await openSandbox({ mode: 'off' })).confinement;
const confinements = [
  ['without a sandbox', plain],
  ...(sandbox.isolated ? ([['in the sandbox', sandbox]] as const) : []),
] as const;

describe.skipIf(!byCgroup).each(confinements)(`limits by cgroup, %s${why}`, (_where, confinement) => {
  const run = (script: string, options: Partial<RunOptions> & { readonly runId?: string } = {}) =>
    sh(script, { confinement, writable: [workspace], cwd: workspace, ...options });

  it('pids_max holds a loop of forks, of root too', async () => {
    const script = 'i=0; while [ $i -lt 40 ]; do sleep 5 >/dev/null 2>&1 & i=$((i+1)); done; echo "$i forks"';
    const outcome = await run(script, { limits: { pids_max: 10 } });
    expect(outcome).toMatchObject({
      limits: { pids_max: 10 },
      survivors: [],
      stderr: { text: expect.stringContaining('fork') },
    });
    expect(outcome.stdout.text).not.toContain('40 forks');
    expect(await run('sleep 0.01 & sleep 0.01 & wait; echo fine', { limits: { pids_max: 10 } })).toMatchObject({
      stdout: { text: 'fine\n' },
    });
  });

  it('memory_bytes bounds the run as a whole, and what was killed for it says so', async () => {
    const eat = 'head -c 40000000 /dev/zero | tail -c 40000000 >/dev/null';
    const limits = { memory_bytes: 64_000_000 };
    expect(await run(eat, { limits })).toMatchObject({ exitCode: 0, ranOutOfMemory: false, limits });
    const outcome = await run(`${eat} & ${eat} & wait $!; ${eat.replaceAll('40000000', '90000000')}`, { limits });
    expect(outcome).toMatchObject({ end: 'exited', ranOutOfMemory: true, survivors: [] });
  });

  it('the cgroups of a run are gone with it, also when it cannot be started or was aborted before', async () => {
    const limits = { pids_max: 20, memory_bytes: 100_000_000 };
    await run('true', { limits });
    await run('', { file: '/no/such/program', args: [], limits }).catch(() => undefined);
    await run('true', { limits, signal: AbortSignal.abort() });
    await run('setsid sleep 99 & true', { limits });
    expect(ownGroups()).toEqual([]);
  });

  it('a process that took itself out of sight is ended too', async () => {
    const mark = `96.${process.pid}`;
    await run(`setsid env -i sleep ${mark} >/dev/null 2>&1 & sleep 0.05`, { limits: { pids_max: 20 } });
    expect(living(mark)).toEqual([]);
  });

  it('without a limit that it holds none is made', async () => {
    const { group } = await confinement.confine({ file: '/bin/true', args: [], env: {}, limits: { wall_time_ms: 9 } });
    expect(group).toBeUndefined();
  });
});

/** Tests beside this one start servers too, and each of those removes what is left over: then it is made again. */
function enter(folder: string, pid: number): void {
  for (;;) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(join(folder, 'cgroup.procs'), String(pid));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

describe.skipIf(!byCgroup)(`cgroups of servers that are gone${why}`, () => {
  it('are removed at the start, with what runs in them; those of living ones stay', async () => {
    const folder = cgroupPlaces().find(({ controllers }) => controllers.includes('pids'))?.folder ?? '';
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    const gone = join(folder, `execgo-${namespace}-${2 ** 22 - 1}-1-7`);
    const foreign = join(folder, `execgo-1${namespace}-${2 ** 22 - 1}-1-7`);
    const startTime = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[19];
    const mine = join(folder, `execgo-${namespace}-${process.pid}-${startTime}-999999`);
    for (const path of [gone, foreign, mine]) {
      mkdirSync(path);
      onTestFinished(() => {
        try {
          rmdirSync(path);
        } catch {
          // Removed by what is tested.
        }
      });
    }
    const child = spawn('sleep', ['99'], { stdio: 'ignore' });
    const exit = once(child, 'exit');
    enter(gone, child.pid ?? 0);
    await RunGroups.open();
    expect((await exit)[1]).toBe('SIGKILL');
    const left = readdirSync(folder);
    const names = [gone, foreign, mine].map((path) => left.includes(path.slice(folder.length + 1)));
    expect(names).toEqual([false, true, true]);
  });
});

it('without cgroups, limits of memory are by prlimit, and only what holds is told', async () => {
  const env = { PATH: '/usr/bin:/bin' };
  const limits = { memory_bytes: 1e9, pids_max: 50 };
  const { limits: held } = await runProcess({ file: '/bin/true', args: [], env, limits, confinement: noConfinement });
  expect(held.pids_max).toBe(process.geteuid?.() === 0 ? undefined : 50);
});

it('a run whose processes are many leaves nothing behind when it is ended', async () => {
  const runId = freshRunId();
  const stop = new AbortController();
  const options = { runId, confinement: plain, limits: { pids_max: 200 }, signal: stop.signal, killAfterMs: 50 };
  const ended = sh('for i in 1 2 3 4 5 6 7 8 9; do setsid sleep 99 & done; wait', options);
  await until(() => living(runId).length >= 10);
  stop.abort();
  expect(await ended).toMatchObject({ end: 'aborted', survivors: [] });
  expect(living(runId)).toEqual([]);
});

function ownGroups(): readonly string[] {
  return cgroupPlaces().flatMap(({ folder }) =>
    readdirSync(folder).filter((name) => name.includes(`-${process.pid}-`)),
  );
}
