import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Where this process moves to in cgroups of version 2, so that those of runs can stand beside it. */
export const SERVER_GROUP = 'execgo-server';

export type Controller = 'pids' | 'memory';

/** The place of this process in one hierarchy of cgroups. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  /** The folder of the cgroup that this process is in, or was before it moved. */
  readonly folder: string;
  /** Of a hierarchy of version 1; version 2 tells its own in the folder. */
  readonly controllers: readonly Controller[];
}

/**
 * Where this process is, by /proc/self/cgroup and /proc/self/mountinfo (cgroups(7), proc(5)). Empty where there are no cgroups.
 */
export function cgroupPlaces(): readonly CgroupPlace[] {
  try {
    return placesOf(readFileSync('/proc/self/cgroup', 'utf8'), readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return [];
  }
}

/** @param cgroup text of /proc/self/cgroup @param mountinfo text of /proc/self/mountinfo */
export function placesOf(cgroup: string, mountinfo: string): readonly CgroupPlace[] {
  const places: CgroupPlace[] = [];
  const mounts = mountinfo.split('\n').flatMap(readMount);
  for (const line of cgroup.split('\n')) {
    const [, id, names, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || names === undefined) continue;
    const version = id === '0' ? 2 : 1;
    const controllers = names.split(',').filter((name): name is Controller => name === 'pids' || name === 'memory');
    if (version === 1 && controllers.length === 0) continue;
    const mount = mounts.find(
      ({ type, options }) =>
        type === (version === 2 ? 'cgroup2' : 'cgroup') && controllers.every((name) => options.includes(name)),
    );
    if (mount === undefined) continue;
    const home = version === 2 && basename(path) === SERVER_GROUP ? dirname(path) : path;
    const below = relative(mount.root, home);
    // A container may be shown a part of the tree that it is not in itself: then that part is its place.
    places.push({ version, controllers, folder: below.startsWith('..') ? mount.point : join(mount.point, below) });
  }
  return places;
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

function readMount(line: string): readonly Mount[] {
  const [head = '', tail = ''] = line.split(' - ');
  const [, , , root, point] = head.split(' ');
  const [type, , options = ''] = tail.split(' ');
  if (root === undefined || point === undefined || type === undefined) return [];
  return [{ root: withoutEscapes(root), point: withoutEscapes(point), type, options: options.split(',') }];
}

function withoutEscapes(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
