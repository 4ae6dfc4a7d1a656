import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  read,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  unlinkSync,
  write,
} from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ExecGoError } from '@execgo/core';
import { hasProc } from '../proc.js';
import { fileError, notRegular } from './file-error.js';
import { LinuxWalker } from './linux-walker.js';
import type { Folder, OpenFile, Place, Walker } from './place.js';
import { PortableWalker } from './portable-walker.js';
import { ProtectedPaths } from './protected-paths.js';

/** Largest file that is read, in bytes. */
export const DEFAULT_MAX_READ_BYTES = 1024 * 1024;
/** Most entries that one listing shows. */
export const DEFAULT_MAX_LIST_ENTRIES = 10_000;
const READ_CHUNK = 64 * 1024;
const NEW_FILE_MODE = 0o644;
/** How often an append starts over when another program makes or removes the file meanwhile. */
const APPEND_TRIES = 10;

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
const readAsync = promisify(read);
const writeAsync = promisify(write);
const fsyncAsync = promisify(fsync);

export interface WorkspaceOptions {
  /** Paths no tool may touch, nor anything below: they may lie in the workspace, and need not exist yet. */
  readonly protectedPaths?: readonly string[];
  /** @default 1 MiB */
  readonly maxReadBytes?: number;
  /** @default 10,000 */
  readonly maxListEntries?: number;
  /**
   * False: paths may lead anywhere and links are followed; only protected paths are refused.
   * @default true
   */
  readonly confined?: boolean;
  /**
   * `walk` holds every folder on the way and cannot be raced; it needs Linux. `portable` checks before and after, and can be.
   * @default walk on Linux, else portable
   */
  readonly method?: 'walk' | 'portable';
}

/** One entry of a folder. */
export interface ListEntry {
  readonly name: string;
  readonly stats: Stats;
}

/**
 * The files of one folder, and nothing outside of it. Paths are relative to it, or absolute and in it; links are not
 * followed, and `.git` and the protected paths are refused, by whatever name. Only regular files are read and written.
 *
 * Every method rejects with ExecGoError: `denied`, `invalid_input` (a path no file can have, a folder where a file is
 * meant), `not_found`, `resource_limit_exceeded` (a file too large to read), `external_failure` (what the disk says).
 */
export class Workspace {
  private constructor(
    /** Its real path. */
    readonly root: string,
    private readonly walker: Walker,
    private readonly maxReadBytes: number,
    private readonly maxListEntries: number,
  ) {}

  /** Makes the folder where it is missing. */
  static open(folder: string, options: WorkspaceOptions = {}): Workspace {
    const absolute = resolve(folder);
    mkdirSync(absolute, { recursive: true });
    const root = realpathSync(absolute);
    const names = root === absolute ? [root] : [root, absolute];
    const guarded = new ProtectedPaths(options.protectedPaths ?? []);
    const confined = options.confined ?? true;
    const method = options.method ?? (hasProc ? 'walk' : 'portable');
    const walker =
      confined && method === 'walk'
        ? new LinuxWalker(root, names, guarded)
        : new PortableWalker(root, names, guarded, confined);
    const maxReadBytes = options.maxReadBytes ?? DEFAULT_MAX_READ_BYTES;
    return new Workspace(root, walker, maxReadBytes, options.maxListEntries ?? DEFAULT_MAX_LIST_ENTRIES);
  }

  /**
   * Refuses a path that no method would take, by its text alone: nothing need exist.
   *
   * @throws ExecGoError `denied`, `invalid_input`
   */
  check(path: string): void {
    this.walker.check(path);
  }

  /** The whole content. What grows while it is read is cut off at the limit with an error, too. */
  read(path: string): Promise<Buffer> {
    return this.at(path, false, async (place) => {
      const { fd } = place.open(O_RDONLY);
      try {
        return await readBounded(fd, this.maxReadBytes, path);
      } finally {
        closeSync(fd);
      }
    });
  }

  /**
   * Replaces the content in one step: readers see the old or the new, and so does a restart after a power cut. Parents are
   * made. An existing file keeps its permissions; one with several names (hard links) is refused.
   */
  write(path: string, content: Uint8Array): Promise<void> {
    return this.at(path, true, async (place) => {
      const existing = place.look();
      if (existing !== undefined) checkWritable(existing, path);
      const temporary = place.sibling(`.execgo-${randomBytes(8).toString('hex')}.tmp`);
      const fd = openSync(temporary, O_CREAT | O_EXCL | O_WRONLY, NEW_FILE_MODE);
      try {
        try {
          if (existing !== undefined) fchmodSync(fd, existing.mode & 0o777);
          await writeAll(fd, content);
          await fsyncAsync(fd);
        } finally {
          closeSync(fd);
        }
        renameSync(temporary, place.path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      await place.sync();
    });
  }

  /** Adds to the end, making the file and its parents where missing. Durable when it resolves; not atomic. */
  append(path: string, content: Uint8Array): Promise<void> {
    return this.at(path, true, async (place) => {
      const { fd, isNew } = openForAppend(place, path);
      try {
        await writeAll(fd, content);
        await fsyncAsync(fd);
      } finally {
        closeSync(fd);
      }
      if (isNew) await place.sync();
    });
  }

  /** Removes a file, or a folder that is empty. */
  remove(path: string): Promise<void> {
    return this.at(path, false, async (place) => {
      const stats = existing(place.look(), path);
      if (place.isRoot) throw new ExecGoError('denied', 'the workspace itself cannot be removed');
      if (stats.isDirectory()) rmdirSync(place.path);
      else unlinkSync(place.path);
      await place.sync();
    });
  }

  stat(path: string): Promise<Stats> {
    return this.at(path, false, async (place) => existing(place.look(), path));
  }

  /** The entries of a folder by name, at most `maxListEntries` of them; links are shown as links. */
  list(path: string): Promise<{ readonly entries: readonly ListEntry[]; readonly truncated: boolean }> {
    return this.at(path, false, async (place) => {
      const folder = place.folder();
      try {
        return listFolder(folder, this.maxListEntries);
      } finally {
        folder.close();
      }
    });
  }

  /** A folder of the workspace to start a process in; the caller closes it once the process runs. */
  async folder(path: string): Promise<Folder> {
    return this.at(path, false, async (place) => place.folder());
  }

  private async at<T>(path: string, makeParents: boolean, act: (place: Place) => Promise<T>): Promise<T> {
    const place = this.walker.enter(path, makeParents);
    try {
      return await act(place);
    } catch (error) {
      throw fileError(error, path);
    } finally {
      place.close();
    }
  }
}

function existing(stats: Stats | undefined, path: string): Stats {
  if (stats === undefined) throw new ExecGoError('not_found', `file not found: ${JSON.stringify(path)}`);
  return stats;
}

/** A file with a second name may be one of outside: changing it here would change it there. */
function checkWritable(stats: Stats, path: string): void {
  if (stats.isDirectory()) throw new ExecGoError('invalid_input', `path ${JSON.stringify(path)} is a folder`);
  if (!stats.isFile()) throw notRegular(path);
  if (stats.nlink > 1) {
    throw new ExecGoError('denied', `path ${JSON.stringify(path)} has another name (a hard link); copy it first`);
  }
}

function openForAppend(place: Place, path: string): { readonly fd: number; readonly isNew: boolean } {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (place.look() === undefined) {
        return { fd: openSync(place.path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND, NEW_FILE_MODE), isNew: true };
      }
      return { fd: opened(place.open(O_WRONLY | O_APPEND), path), isNew: false };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'EEXIST' && code !== 'ENOENT') || attempt === APPEND_TRIES) throw error;
    }
  }
}

function opened(file: OpenFile, path: string): number {
  try {
    checkWritable(file.stats, path);
    return file.fd;
  } catch (error) {
    closeSync(file.fd);
    throw error;
  }
}

/** Reads to the end, whatever size the file claims: those of the kernel claim 0. */
async function readBounded(fd: number, maxBytes: number, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(READ_CHUNK);
    const { bytesRead } = await readAsync(fd, chunk, 0, READ_CHUNK, null);
    if (bytesRead === 0) return Buffer.concat(chunks, bytes);
    chunks.push(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
    if (bytes > maxBytes) {
      throw new ExecGoError('resource_limit_exceeded', `file ${JSON.stringify(path)} is larger than ${maxBytes} bytes`);
    }
  }
}

/** A write may take only a part (a nearly full disk): what is left is written again, and then fails with the reason. */
async function writeAll(fd: number, content: Uint8Array): Promise<void> {
  for (let at = 0; at < content.length; ) {
    const { bytesWritten } = await writeAsync(fd, content, at, content.length - at, null);
    at += bytesWritten;
  }
}

function listFolder(folder: Folder, maxEntries: number): { entries: ListEntry[]; truncated: boolean } {
  const entries: ListEntry[] = [];
  const open = opendirSync(folder.handle);
  try {
    for (let item = open.readSync(); item !== null; item = open.readSync()) {
      if (entries.length === maxEntries) return { entries: sorted(entries), truncated: true };
      const stats = lstatSync(`${folder.handle}/${item.name}`, { throwIfNoEntry: false });
      if (stats !== undefined) entries.push({ name: item.name, stats });
    }
    return { entries: sorted(entries), truncated: false };
  } finally {
    open.closeSync();
  }
}

function sorted(entries: ListEntry[]): ListEntry[] {
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
