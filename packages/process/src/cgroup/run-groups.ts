import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ExecGoError, errorMessage } from '@execgo/core';
import { isRunning, processStat } from '../proc.js';
import type { ResourceLimits } from '../resource-limits.js';
import { type Controller, cgroupPlaces } from './cgroup-mounts.js';
import { enteringGroup } from './enter-group.js';
import { type Hierarchy, oomKills, setLimit, usable } from './hierarchy.js';

/** How long killed processes may take to leave their cgroup before they count as survivors. */
const GONE_WITHIN_MS = 5_000;
const SLOWEST_POLL_MS = 25;
const NAME = /^execgo-(\d+)-(\d+)-(\d+)-\d+$/;

/** The cgroups of one run: what it starts is in them too, whatever it does. */
export interface RunGroup {
  /** Files into which a process writes `0` to enter. */
  readonly entrances: readonly string[];
  /** The limits that they enforce, for the run as a whole. */
  readonly holds: ResourceLimits;
  /** After `end`: whether the kernel ended a process of it because its memory was used up. */
  readonly ranOutOfMemory: boolean;
  /** Ends what is still in them and removes them; calls share one end. @returns the pids of what cannot be ended */
  end(): Promise<readonly number[]>;
}

/** Numbers those of this process. */
let made = 0;
/** What a trial is given: more than it needs. */
const TRIAL: ResourceLimits = { pids_max: 64, memory_bytes: 64 * 1024 * 1024 };

/** Makes the cgroups of runs, where this machine lets us: as root, or below a cgroup that was handed to this user. */
export class RunGroups {
  private readonly prefix = ownPrefix();

  private constructor(private readonly hierarchies: readonly Hierarchy[]) {}

  /**
   * Looks what this machine offers, and removes the cgroups that servers which are gone have left, with all that runs in them.
   * Where cgroups are of version 2, this process may be moved one level down. Undefined where nothing can be bounded.
   */
  static async open(): Promise<RunGroups | undefined> {
    const places = cgroupPlaces();
    for (const { version, folder } of places) await removeLeftovers(version, folder);
    const free = new Set<Controller>(['pids', 'memory']);
    const hierarchies: Hierarchy[] = [];
    for (const place of places) {
      const found = usable(place);
      const controllers = found?.controllers.filter((name) => free.delete(name)) ?? [];
      if (found !== undefined && controllers.length > 0) hierarchies.push({ ...found, controllers });
    }
    if (hierarchies.length === 0) return undefined;
    const groups = new RunGroups(hierarchies);
    return (await groups.work()) ? groups : undefined;
  }

  /** What can be bounded. */
  get controllers(): readonly Controller[] {
    return this.hierarchies.flatMap(({ controllers }) => controllers);
  }

  /**
   * Cgroups for a run with these limits; undefined where they hold none of them.
   *
   * @param extraPids processes that are counted and are not the run's own
   * @throws ExecGoError `sandbox_setup_failed` when they cannot be made
   */
  make(limits: ResourceLimits, extraPids: number): RunGroup | undefined {
    const values: Readonly<Record<Controller, number | undefined>> = {
      pids: limits.pids_max === undefined ? undefined : limits.pids_max + extraPids,
      memory: limits.memory_bytes,
    };
    const needed = this.hierarchies.filter(({ controllers }) => controllers.some((name) => values[name] !== undefined));
    if (needed.length === 0) return undefined;
    made += 1;
    const parts = needed.map(({ version, folder, controllers }) => ({
      version,
      folder: join(folder, `${this.prefix}${made}`),
      controllers: controllers.filter((name) => values[name] !== undefined),
    }));
    try {
      for (const { version, folder, controllers } of parts) {
        mkdirSync(folder);
        for (const name of controllers) setLimit(version, folder, name, values[name] as number);
      }
    } catch (cause) {
      for (const { folder } of parts) void remove(folder);
      const problem = `the cgroup that holds the limits of a run cannot be made: ${errorMessage(cause)}`;
      throw new ExecGoError('sandbox_setup_failed', problem, { cause });
    }
    const held = parts.flatMap(({ controllers }) => controllers);
    return new Group(parts, {
      ...(held.includes('pids') && limits.pids_max !== undefined && { pids_max: limits.pids_max }),
      ...(held.includes('memory') && limits.memory_bytes !== undefined && { memory_bytes: limits.memory_bytes }),
    });
  }

  /** Whether a process can really be bounded: tried with one. */
  private async work(): Promise<boolean> {
    let group: RunGroup | undefined;
    try {
      group = this.make(TRIAL, 0);
      if (group === undefined) return false;
      const { file, args } = enteringGroup({ file: '/bin/sh', args: ['-c', ':'] }, group);
      await promisify(execFile)(file, args, { env: {} });
      return true;
    } catch {
      // What is bounded without it is told with every run.
      return false;
    } finally {
      await group?.end();
    }
  }
}

class Group implements RunGroup {
  ranOutOfMemory = false;
  private ending: Promise<readonly number[]> | undefined;

  constructor(
    private readonly parts: readonly Hierarchy[],
    readonly holds: ResourceLimits,
  ) {}

  get entrances(): readonly string[] {
    return this.parts.map(({ folder }) => join(folder, 'cgroup.procs'));
  }

  end(): Promise<readonly number[]> {
    this.ending ??= this.endAll();
    return this.ending;
  }

  private async endAll(): Promise<readonly number[]> {
    const survivors = new Set<number>();
    for (const { version, folder, controllers } of this.parts) {
      for (const pid of await emptied(version, folder)) survivors.add(pid);
      if (controllers.includes('memory')) this.ranOutOfMemory = oomKills(version, folder) > 0;
      await remove(folder);
    }
    return [...survivors];
  }
}

/** Tells our cgroups from those of others, also when they are gone: pid namespace, pid and start time of this process. */
function ownPrefix(): string {
  return `execgo-${pidNamespace()}-${process.pid}-${processStat(process.pid)?.startTime}-`;
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

async function removeLeftovers(version: 1 | 2, folder: string): Promise<void> {
  for (const name of entriesOf(folder)) {
    const [, namespace, pid, startTime] = NAME.exec(name) ?? [];
    if (namespace !== pidNamespace() || processStat(Number(pid))?.startTime === startTime) continue;
    await emptied(version, join(folder, name));
    await remove(join(folder, name));
  }
}

/** Kills what is in a cgroup until nothing is. @returns the pids of what stays */
async function emptied(version: 1 | 2, folder: string): Promise<readonly number[]> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (let pause = 1; ; pause = Math.min(2 * pause, SLOWEST_POLL_MS)) {
    const pids = processesIn(folder);
    if (pids.length === 0 || performance.now() >= deadline) return pids;
    if (!(version === 2 && killedAtOnce(folder))) pids.forEach(kill);
    await delay(pause);
  }
}

/** The kernel's own way since 5.14, which no fork escapes. */
function killedAtOnce(folder: string): boolean {
  try {
    writeFileSync(join(folder, 'cgroup.kill'), '1', { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}

function processesIn(folder: string): readonly number[] {
  try {
    const pids = readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((pid) => pid !== '')
      .map(Number);
    // One that has ended and was not reaped runs no more, though old kernels list it.
    return pids.filter((pid) => {
      const stat = processStat(pid);
      return stat !== undefined && isRunning(stat);
    });
  } catch {
    // ENOENT: removed by another server that found it left over.
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended. EPERM: whoever looks again finds it a survivor.
  }
}

/** For a moment after their end, processes still keep their cgroup busy. One that stays is removed by the next life. */
async function remove(folder: string): Promise<void> {
  for (let pause = 1; pause <= SLOWEST_POLL_MS; pause *= 2) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await delay(pause);
    }
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
