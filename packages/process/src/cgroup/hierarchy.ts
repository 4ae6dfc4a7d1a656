import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlace, type Controller, SERVER_GROUP } from './cgroup-mounts.js';

/** A folder below which cgroups can be made, and what these can bound. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly folder: string;
  readonly controllers: readonly Controller[];
}

const WANTED: readonly Controller[] = ['pids', 'memory'];
const LIMIT_FILE = {
  1: { pids: 'pids.max', memory: 'memory.limit_in_bytes' },
  2: { pids: 'pids.max', memory: 'memory.max' },
};

/** Where runs can be bounded below a place; undefined where nothing can be made, or what is made bounds nothing. */
export function usable(place: CgroupPlace): Hierarchy | undefined {
  try {
    const { version, folder } = place;
    const controllers = version === 1 ? place.controllers : enableBelow(folder);
    const held = controllersOfNew(version, folder, controllers);
    return held.length === 0 ? undefined : { version, folder, controllers: held };
  } catch {
    // EROFS, EACCES, EPERM, EBUSY: not ours to use. What is bounded without it is told with every run.
    return undefined;
  }
}

/** Sets a limit of a cgroup. */
export function setLimit(version: 1 | 2, folder: string, controller: Controller, value: number): void {
  writeFileSync(join(folder, LIMIT_FILE[version][controller]), String(value));
  if (controller === 'memory') forbidSwap(version, folder, value);
}

/** How many processes the kernel has ended for want of memory in a cgroup. */
export function oomKills(version: 1 | 2, folder: string): number {
  const text = readFileSync(join(folder, version === 1 ? 'memory.oom_control' : 'memory.events'), 'utf8');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The kernel's own proof that a new cgroup has the files of the controllers. */
function controllersOfNew(version: 1 | 2, folder: string, controllers: readonly Controller[]): readonly Controller[] {
  const trial = join(folder, `execgo-trial-${process.pid}`);
  mkdirSync(trial);
  try {
    return controllers.filter((name) => existsSync(join(trial, LIMIT_FILE[version][name])));
  } finally {
    rmdirSync(trial);
  }
}

/** Swap would let a run go on beyond its limit. Kernels without accounting of swap lack the file. */
function forbidSwap(version: 1 | 2, folder: string, bytes: number): void {
  const [name, value] = version === 1 ? ['memory.memsw.limit_in_bytes', bytes] : ['memory.swap.max', 0];
  const file = join(folder, name);
  if (existsSync(file)) writeFileSync(file, String(value));
}

/**
 * Hands the controllers of a cgroup of version 2 on to those below it. The kernel allows that only where no process is in it
 * but in the root of all: so this process moves one level down, if it is alone.
 */
function enableBelow(folder: string): readonly Controller[] {
  const available = wordsOf(join(folder, 'cgroup.controllers'));
  const wanted = WANTED.filter((name) => available.includes(name));
  const control = join(folder, 'cgroup.subtree_control');
  const missing = wanted.filter((name) => !wordsOf(control).includes(name));
  if (missing.length === 0) return wanted;
  const change = missing.map((name) => `+${name}`).join(' ');
  const procs = join(folder, 'cgroup.procs');
  const others = readFileSync(procs, 'utf8')
    .trim()
    .split('\n')
    .filter((pid) => pid !== '' && Number(pid) !== process.pid);
  // The root of all has no such file, and may hold processes.
  if (!existsSync(join(folder, 'cgroup.type'))) {
    writeFileSync(control, change);
  } else if (others.length === 0) {
    const own = join(folder, SERVER_GROUP);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'cgroup.procs'), String(process.pid));
    try {
      writeFileSync(control, change);
    } catch (error) {
      writeFileSync(procs, String(process.pid));
      rmdirSync(own);
      throw error;
    }
  } else return [];
  return wanted;
}

function wordsOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trim().split(/\s+/);
}
