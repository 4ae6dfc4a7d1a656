import type { DataFile, FileSystem, OpenMode } from '../src/index.js';

/** What is left after the end: all that was written (`kill -9`), or only what was flushed (power cut). */
export type Survival = 'written' | 'flushed';

interface Inode {
  written: Buffer;
  flushed: Buffer;
}

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
      const content = Buffer.from(inode[survival]);
      const copy = { written: content, flushed: content };
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
    return inode.written;
  }

  /** Puts a file there, flushed. */
  put(name: string, content: Buffer | string): void {
    const bytes = Buffer.from(content);
    const inode = { written: bytes, flushed: bytes };
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
    const inode: Inode = { written: Buffer.alloc(0), flushed: Buffer.alloc(0) };
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
        const end = Math.max(inode.written.length, position + count);
        const next = Buffer.alloc(end);
        inode.written.copy(next);
        next.set(bytes.subarray(0, count), position);
        inode.written = next;
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
        const next = Buffer.alloc(size);
        inode.written.copy(next);
        inode.written = next;
      });
    const flush = (word: string) =>
      this.change(`${word} ${name}`, () => {
        inode.flushed = inode.written;
      });
    return {
      path,
      read: async (into, position) => {
        this.mustLive();
        return inode.written.copy(into, 0, position, position + into.length);
      },
      write: async (bytes, position) => write(bytes, position),
      writeSync: write,
      flush: async () => flush('flush'),
      flushSync: () => flush('flush'),
      sync: async () => flush('sync'),
      size: async () => inode.written.length,
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

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
