import type { DataFile, FileSystem, OpenMode } from '../src/index.js';

/** What is left after the end: all that was written (`kill -9`), or only what was flushed (power cut). */
export type Survival = 'written' | 'flushed';

/** What is in a file: these bytes, then zeros up to the size. Never changed, so that both of an inode may share one. */
interface Content {
  readonly bytes: Buffer;
  readonly size: number;
}

interface Inode {
  written: Content;
  flushed: Content;
}

const EMPTY: Content = { bytes: Buffer.alloc(0), size: 0 };

export interface Fault {
  /** The call it happens at, counted from 1 over all calls that change the disk. */
  readonly at: number;
  /** `crash`: this and every later call fails. Otherwise the `code` of an error that this call alone fails with. */
  readonly kind: 'crash' | 'EIO' | 'ENOSPC';
  /** Whether the call has its effect, none of it, or half of it (of a write: half the bytes). */
  readonly effect: 'none' | 'half' | 'all';
}

/**
 * A disk in memory that keeps apart what was written and what was flushed, in files and in the directory, and that fails
 * where it is told to. One flat directory, whatever it is called.
 */
export class SimulatedDisk implements FileSystem {
  /** Calls so far that change the disk, in words. */
  readonly calls: string[] = [];
  fault: Fault | undefined;
  /** Called before a rename has its effect. */
  beforeRename: () => Promise<void> = async () => {};
  /** Most bytes that one write takes. */
  maxWrite = Number.POSITIVE_INFINITY;
  private crashed = false;
  private written = new Map<string, Inode>();
  private flushed = new Map<string, Inode>();

  /** The disk that the next process finds. */
  after(survival: Survival): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [name, inode] of this[survival]) {
      const copy = { written: inode[survival], flushed: inode[survival] };
      disk.written.set(name, copy);
      disk.flushed.set(name, copy);
    }
    return disk;
  }

  names(): string[] {
    return [...this.written.keys()].sort();
  }

  content(name: string): Buffer {
    const inode = this.written.get(name);
    if (inode === undefined) throw systemError('ENOENT', name);
    return partOf(inode.written);
  }

  /** Puts a file there, flushed. */
  put(name: string, content: Buffer | string): void {
    const bytes = Buffer.from(content);
    const put = { bytes, size: bytes.length };
    const inode = { written: put, flushed: put };
    this.written.set(name, inode);
    this.flushed.set(name, inode);
  }

  delete(name: string): void {
    this.written.delete(name);
    this.flushed.delete(name);
  }

  async makeDirectory(): Promise<void> {}

  async list(): Promise<readonly string[]> {
    this.mustLive();
    return [...this.written.keys()];
  }

  async open(path: string, mode: OpenMode): Promise<DataFile> {
    const name = nameOf(path);
    const found = this.written.get(name);
    if (mode !== 'create') {
      this.mustLive();
      if (found === undefined) throw systemError('ENOENT', name);
      return this.file(path, found);
    }
    if (found !== undefined) throw systemError('EEXIST', name);
    const inode: Inode = { written: EMPTY, flushed: EMPTY };
    this.change(`create ${name}`, () => this.written.set(name, inode));
    return this.file(path, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.beforeRename();
    this.change(`rename ${nameOf(from)}`, () => {
      const inode = this.written.get(nameOf(from));
      if (inode === undefined) throw systemError('ENOENT', from);
      this.written.delete(nameOf(from));
      this.written.set(nameOf(to), inode);
    });
  }

  async remove(path: string): Promise<void> {
    this.change(`remove ${nameOf(path)}`, () => {
      if (!this.written.delete(nameOf(path))) throw systemError('ENOENT', path);
      // Worst case: a removal may reach the disk before a rename that came earlier.
      this.flushed.delete(nameOf(path));
    });
  }

  async syncDirectory(): Promise<void> {
    this.change('sync directory', () => {
      this.flushed = new Map(this.written);
    });
  }

  private file(path: string, inode: Inode): DataFile {
    const name = nameOf(path);
    const write = (bytes: Uint8Array, position: number) => {
      const takes = Math.min(bytes.length, this.maxWrite);
      const put = (count: number) => {
        const next = Buffer.alloc(Math.max(inode.written.bytes.length, position + count));
        inode.written.bytes.copy(next);
        next.set(bytes.subarray(0, count), position);
        inode.written = { bytes: next, size: Math.max(inode.written.size, next.length) };
      };
      this.change(
        `write ${name}`,
        () => put(takes),
        () => put(takes >> 1),
      );
      return takes;
    };
    const truncate = (size: number) =>
      this.change(`truncate ${name}`, () => {
        inode.written = { bytes: inode.written.bytes.subarray(0, size), size };
      });
    const flush = (word: string) =>
      this.change(`${word} ${name}`, () => {
        inode.flushed = inode.written;
      });
    return {
      path,
      read: async (into, position) => {
        this.mustLive();
        return partOf(inode.written, position, position + into.length).copy(into);
      },
      write: async (bytes, position) => write(bytes, position),
      writeSync: write,
      flush: async () => flush('flush'),
      flushSync: () => flush('flush'),
      sync: async () => flush('sync'),
      size: async () => inode.written.size,
      truncate: async (size) => truncate(size),
      truncateSync: truncate,
      close: async () => {},
    };
  }

  private change(call: string, all: () => void, half: () => void = () => {}): void {
    this.mustLive();
    this.calls.push(call);
    const { fault } = this;
    if (fault === undefined || fault.at !== this.calls.length) {
      all();
      return;
    }
    if (fault.effect !== 'none') (fault.effect === 'all' ? all : half)();
    if (fault.kind === 'crash') this.crashed = true;
    throw systemError(fault.kind === 'crash' ? 'ECRASHED' : fault.kind, call);
  }

  private mustLive(): void {
    if (this.crashed) throw systemError('ECRASHED', 'the process is gone');
  }
}

/** A part of a content, as far as it goes. */
function partOf({ bytes, size }: Content, from = 0, to = size): Buffer {
  const part = Buffer.alloc(Math.max(0, Math.min(to, size) - from));
  if (from < bytes.length) bytes.copy(part, 0, from, to);
  return part;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
