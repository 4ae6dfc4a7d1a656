import fs from 'node:fs';
import { promisify } from 'node:util';

/** One open file to read from. Every position is given by the caller. */
export interface ReadableFile {
  readonly path: string;
  /** Bytes read into `into`, 0 at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** One open file to read from and to write to. */
export interface DataFile extends ReadableFile {
  /** Bytes written, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** As `write`, without leaving the event loop's turn. */
  writeSync(bytes: Uint8Array, position: number): number;
  /** Makes the content durable, and the size with it (fdatasync). */
  flush(): Promise<void>;
  flushSync(): void;
  /** Makes content and metadata durable (fsync). */
  sync(): Promise<void>;
  /** Makes the file so long: what is cut off is gone, what is added reads as zeros. */
  truncate(size: number): Promise<void>;
  truncateSync(size: number): void;
}

/** `read`: must exist · `update`: read and write, must exist · `create`: read and write, must not exist. */
export type OpenMode = 'read' | 'update' | 'create';

/**
 * What the store asks of a disk, so that a test can bring one that fails, tears a write, or loses what was not flushed.
 * Errors are those of `node:fs`, with their `code`. The lock does not go through it: it is about real processes.
 */
export interface FileSystem {
  /** Makes a directory and its parents, open to its owner alone; one that exists is left as it is. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in no order. */
  list(path: string): Promise<readonly string[]>;
  /** New files are readable and writable by their owner alone. */
  open(path: string, mode: OpenMode): Promise<DataFile>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes names in a directory durable: files created, renamed and removed. */
  syncDirectory(path: string): Promise<void>;
}

/** What reading a store asks of a disk. */
export interface FileReader {
  list(path: string): Promise<readonly string[]>;
  open(path: string, mode: 'read'): Promise<ReadableFile>;
}

const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', update: 'r+', create: 'wx+' };

const fdatasync = promisify(fs.fdatasync);
const fsync = promisify(fs.fsync);
const ftruncate = promisify(fs.ftruncate);
const close = promisify(fs.close);
const open = promisify(fs.open);

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  makeDirectory: async (path) => {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: (path) => fs.promises.readdir(path),
  open: async (path, mode) => new NodeFile(path, await open(path, FLAGS[mode], 0o600)),
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.unlink(path),
  syncDirectory: async (path) => {
    // Windows has no such call and keeps directories by its own journal.
    if (process.platform === 'win32') return;
    const fd = await open(path, 'r');
    try {
      await fsync(fd);
    } finally {
      await close(fd);
    }
  },
};

class NodeFile implements DataFile {
  constructor(
    readonly path: string,
    private readonly fd: number,
  ) {}

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.fd, into, 0, into.length, position, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.fd, bytes, 0, bytes.length, position, (error, written) =>
        error ? reject(error) : resolve(written),
      );
    });
  }

  writeSync(bytes: Uint8Array, position: number): number {
    return fs.writeSync(this.fd, bytes, 0, bytes.length, position);
  }

  flush(): Promise<void> {
    return fdatasync(this.fd);
  }

  flushSync(): void {
    fs.fdatasyncSync(this.fd);
  }

  sync(): Promise<void> {
    return fsync(this.fd);
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.fd, (error, stats) => (error ? reject(error) : resolve(stats.size)));
    });
  }

  truncate(size: number): Promise<void> {
    return ftruncate(this.fd, size);
  }

  truncateSync(size: number): void {
    fs.ftruncateSync(this.fd, size);
  }

  close(): Promise<void> {
    return close(this.fd);
  }
}
