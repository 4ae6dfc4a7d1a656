import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
  statfsSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ExecGoError } from '@execgo/core';
import { fileError, linkError, notRegular } from './file-error.js';
import type { Folder, OpenFile, Place, Walker } from './place.js';
import type { ProtectedNow, ProtectedPaths } from './protected-paths.js';
import { namesBelow, protectedPath } from './workspace-path.js';

/** open(2): name a file without opening it. Node does not have it among its constants; the value holds on x86 and arm64. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_RDONLY } = constants;

/**
 * File systems whose files are doors into the kernel (statfs(2), linux/magic.h): proc, sysfs, cgroup, cgroup2, debugfs,
 * tracefs, securityfs, bpf, pstore, efivarfs, configfs, selinuxfs, devpts, binfmt_misc.
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11, 0x6165676c, 0xde5e81e4,
  0x62656570, 0xf97cff8c, 0x1cd1, 0x42494e4d,
]);

const fsyncAsync = promisify(fsync);

/**
 * Goes down from the root one name at a time, each opened relative to the folder before it (through /proc/self/fd) and never
 * through a link. What is open cannot be exchanged: a folder that another program swaps for a link during the walk leads to a
 * refusal, never outside.
 */
export class LinuxWalker implements Walker {
  /**
   * @param root real path of the workspace
   * @param names every name by which callers may call the root
   */
  constructor(
    private readonly root: string,
    private readonly names: readonly string[],
    private readonly guarded: ProtectedPaths,
  ) {}

  check(path: string): void {
    this.namesTo(path, this.guarded.recently());
  }

  enter(path: string, makeParents: boolean): Place {
    const guarded = this.guarded.now();
    const names = this.namesTo(path, guarded);
    let fd = openSync(this.root, O_PATH | O_DIRECTORY);
    try {
      const { dev } = checkFolder(fd, undefined, guarded, path);
      for (const name of names.slice(0, -1)) {
        const next = step(fd, name, makeParents, path);
        closeSync(fd);
        fd = next;
        checkFolder(fd, dev, guarded, path);
      }
      return new LinuxPlace(fd, names.at(-1) ?? '.', path, guarded, dev);
    } catch (error) {
      closeSync(fd);
      throw fileError(error, path);
    }
  }

  private namesTo(path: string, guarded: ProtectedNow): readonly string[] {
    const names = namesBelow(this.names, path);
    if (guarded.covers(join(this.root, ...names))) throw protectedPath(path);
    return names;
  }
}

class LinuxPlace implements Place {
  constructor(
    private readonly fd: number,
    private readonly name: string,
    private readonly shown: string,
    private readonly guarded: ProtectedNow,
    private readonly rootDevice: number,
  ) {}

  get path(): string {
    return entry(this.fd, this.name);
  }

  get isRoot(): boolean {
    return this.name === '.';
  }

  sibling(name: string): string {
    return entry(this.fd, name);
  }

  look(): Stats | undefined {
    const stats = lstatSync(this.path, { throwIfNoEntry: false });
    if (stats !== undefined) this.check(stats);
    return stats;
  }

  open(flags: number): OpenFile {
    // Opening a device or a FIFO is itself an act. So the file is named first, looked at, and only then opened: that same one.
    const named = openSync(this.path, O_PATH | O_NOFOLLOW);
    try {
      const stats = fstatSync(named);
      this.check(stats);
      checkFileSystem(named, stats, this.rootDevice, this.shown);
      if (stats.isDirectory()) throw new ExecGoError('invalid_input', `path ${JSON.stringify(this.shown)} is a folder`);
      if (!stats.isFile()) throw notRegular(this.shown);
      return { fd: openSync(`/proc/self/fd/${named}`, flags | O_NONBLOCK | O_NOCTTY), stats };
    } finally {
      closeSync(named);
    }
  }

  folder(): Folder {
    const fd = step(this.fd, this.name, false, this.shown);
    try {
      checkFolder(fd, this.rootDevice, this.guarded, this.shown);
      const handle = `/proc/self/fd/${fd}`;
      return { handle, path: readlinkSync(handle), close: () => closeSync(fd) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  async sync(): Promise<void> {
    const fd = openSync(entry(this.fd, '.'), O_RDONLY | O_DIRECTORY);
    try {
      await fsyncAsync(fd);
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private check(stats: Stats): void {
    if (stats.isSymbolicLink()) throw linkError(this.shown);
    if (this.guarded.holds(stats)) throw protectedPath(this.shown);
  }
}

function entry(fd: number, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** Opens one folder below another. */
function step(fd: number, name: string, make: boolean, shown: string): number {
  const path = entry(fd, name);
  try {
    return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && make) {
      makeFolder(path);
      return step(fd, name, false, shown);
    }
    // The kernel says ENOTDIR for a link that is not to be followed, too.
    if (code === 'ENOTDIR' && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) throw linkError(shown);
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    // Another task made it at the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function checkFolder(fd: number, rootDevice: number | undefined, guarded: ProtectedNow, shown: string): Stats {
  const stats = fstatSync(fd);
  if (guarded.holds(stats)) throw protectedPath(shown);
  checkFileSystem(fd, stats, rootDevice, shown);
  return stats;
}

function checkFileSystem(fd: number, stats: Stats, rootDevice: number | undefined, shown: string): void {
  if (stats.dev === rootDevice) return;
  if (KERNEL_FILE_SYSTEMS.has(statfsSync(`/proc/self/fd/${fd}`).type)) {
    throw new ExecGoError('denied', `path ${JSON.stringify(shown)} is in a file system of the kernel`);
  }
}
