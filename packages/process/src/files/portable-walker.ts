import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ExecGoError } from '@execgo/core';
import { existingRealPath } from './existing-real-path.js';
import { fileError, linkError, notRegular } from './file-error.js';
import type { Folder, OpenFile, Place, Walker } from './place.js';
import type { ProtectedNow, ProtectedPaths } from './protected-paths.js';
import { checkPath, namesBelow, protectedPath } from './workspace-path.js';

// Windows has neither.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;
const fsyncAsync = promisify(fsync);

/**
 * For systems where a folder cannot be held open: resolves the links of the way first, and looks again after opening. That is
 * a race: another program that swaps folders for links at the right moments can lead a write outside, and, with more luck, a
 * read. Without bounds (`confined: false`) links are followed wherever they lead, and only protected paths are refused.
 */
export class PortableWalker implements Walker {
  /**
   * @param root real path of the workspace
   * @param names every name by which callers may call the root
   */
  constructor(
    private readonly root: string,
    private readonly names: readonly string[],
    private readonly guarded: ProtectedPaths,
    private readonly confined = true,
  ) {}

  check(path: string): void {
    const wanted = this.confined ? join(this.root, ...namesBelow(this.names, path)) : resolve(this.root, path);
    checkPath(path);
    if (this.guarded.recently().covers(wanted)) throw protectedPath(path);
  }

  enter(path: string, makeParents: boolean): Place {
    const guarded = this.guarded.now();
    try {
      return this.find(path, makeParents, guarded);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  private find(path: string, makeParents: boolean, guarded: ProtectedNow): Place {
    const wanted = this.resolved(path);
    // The root is an entry of the folder above it, which is outside: it is named as itself.
    const isRoot = this.confined && wanted === this.root;
    const parent = existingRealPath(isRoot ? wanted : dirname(wanted));
    this.checkInside(parent, path);
    if (guarded.covers(join(parent, isRoot ? '' : basename(wanted)))) throw protectedPath(path);
    if (makeParents) mkdirSync(parent, { recursive: true, mode: 0o755 });
    if (realpathSync(parent) !== parent) throw linkError(path);
    return new PortablePlace(parent, isRoot ? '.' : basename(wanted), path, guarded);
  }

  private resolved(path: string): string {
    if (this.confined) return join(this.root, ...namesBelow(this.names, path));
    checkPath(path);
    const wanted = resolve(this.root, path);
    // An existing target is taken by its real name, so that links lead on.
    return lstatSync(wanted, { throwIfNoEntry: false })?.isSymbolicLink() ? existingRealPath(wanted) : wanted;
  }

  private checkInside(parent: string, path: string): void {
    if (!this.confined) return;
    const way = relative(this.root, parent);
    if (way === '..' || way.startsWith(join('..', '/')) || isAbsolute(way)) {
      throw new ExecGoError('denied', `path ${JSON.stringify(path)} leads outside of the workspace`);
    }
  }
}

class PortablePlace implements Place {
  constructor(
    private readonly parent: string,
    private readonly name: string,
    private readonly shown: string,
    private readonly guarded: ProtectedNow,
  ) {}

  get path(): string {
    return join(this.parent, this.name);
  }

  get isRoot(): boolean {
    return this.name === '.';
  }

  sibling(name: string): string {
    return join(this.parent, name);
  }

  look(): Stats | undefined {
    const stats = lstatSync(this.path, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) throw linkError(this.shown);
    if (stats !== undefined && this.guarded.holds(stats)) throw protectedPath(this.shown);
    return stats;
  }

  open(flags: number): OpenFile {
    const looked = this.look();
    if (looked?.isDirectory()) throw new ExecGoError('invalid_input', `path ${JSON.stringify(this.shown)} is a folder`);
    if (looked !== undefined && !looked.isFile()) throw notRegular(this.shown);
    const fd = openSync(this.path, flags | NO_FOLLOW | NON_BLOCK);
    try {
      const stats = fstatSync(fd);
      this.lookAgain(stats);
      return { fd, stats };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  folder(): Folder {
    const stats = this.look();
    const path = realpathSync(this.path);
    if (stats?.isDirectory() === false)
      throw new ExecGoError('invalid_input', `path ${JSON.stringify(this.shown)} is not a folder`);
    return { path, handle: path, close: () => undefined };
  }

  async sync(): Promise<void> {
    // Windows cannot open a folder; its file system journals names.
    if (process.platform === 'win32') return;
    const fd = openSync(this.parent, 'r');
    try {
      await fsyncAsync(fd);
    } finally {
      closeSync(fd);
    }
  }

  close(): void {}

  private lookAgain(opened: Stats): void {
    const now = statSync(this.path);
    const isSame = now.dev === opened.dev && now.ino === opened.ino;
    if (!isSame || realpathSync(this.parent) !== this.parent) throw linkError(this.shown);
    if (!opened.isFile()) throw notRegular(this.shown);
    if (this.guarded.holds(opened)) throw protectedPath(this.shown);
  }
}
