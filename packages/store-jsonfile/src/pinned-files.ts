import { basename, join } from 'node:path';
import { type Checksum, checksumOf } from './checked-file.js';
import { dataEnd } from './data-end.js';
import type { FileReader, FileSystem, ReadableFile } from './file-system.js';
import { RECEIPTS_FILE } from './receipts-file.js';
import { segmentSeq } from './segment.js';
import { STATE_FILE } from './state-file.js';
import { isMissing } from './store-errors.js';
import { STORE_FILE } from './store-file.js';

/**
 * The files of a store as they are at one moment, held open: what is renamed over them, removed or written behind their end
 * afterwards is not seen. So a store can be read while a server uses it.
 *
 * The snapshot files are opened before the journal, which tells of them from before they have their names. What may still
 * happen in between is that a later snapshot lets journal go that this one needs: then the files do not go together, and
 * `isOutdated` says that it was for that.
 */
export class PinnedFiles implements FileReader {
  private constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly files: ReadonlyMap<string, PinnedFile>,
  ) {}

  /** @throws the error of `node:fs` where a file goes away while it is opened */
  static async open(fileSystem: FileSystem, directory: string): Promise<PinnedFiles> {
    const files = new Map<string, PinnedFile>();
    const pinned = new PinnedFiles(fileSystem, directory, files);
    try {
      for (const name of [STATE_FILE, RECEIPTS_FILE, STORE_FILE]) {
        const file = await pinned.pin(name).catch(ignoreMissing);
        if (file !== undefined) files.set(name, file);
      }
      for (const name of await journalNames(fileSystem, directory)) files.set(name, await pinned.pin(name));
      return pinned;
    } catch (error) {
      await pinned.close();
      throw error;
    }
  }

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()];
  }

  async open(path: string): Promise<ReadableFile> {
    const file = this.files.get(basename(path));
    if (file === undefined) throw Object.assign(new RangeError(`ENOENT: ${path} was not there`), { code: 'ENOENT' });
    return file;
  }

  /** Whether the store has moved on: another snapshot, another journal, a journal that was cut. */
  async isOutdated(): Promise<boolean> {
    const names = await journalNames(this.fileSystem, this.directory);
    const pinned = [...this.files.keys()].filter((name) => segmentSeq(name) !== undefined);
    if (names.join() !== pinned.join()) return true;
    for (const name of [STATE_FILE, RECEIPTS_FILE, STORE_FILE]) {
      const [now, then] = [await checksumOf(this.fileSystem, this.directory, name), await this.checksum(name)];
      if (now?.crc32 !== then?.crc32 || now?.bytes !== then?.bytes) return true;
    }
    const last = pinned.at(-1);
    if (last === undefined) return false;
    const file = await this.fileSystem.open(join(this.directory, last), 'read');
    try {
      return (await dataEnd(file)) !== (await this.files.get(last)?.size());
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    for (const file of this.files.values()) await file.release();
  }

  private checksum(name: string): Promise<Checksum | undefined> {
    return checksumOf(this, this.directory, name);
  }

  private async pin(name: string): Promise<PinnedFile> {
    const file = await this.fileSystem.open(join(this.directory, name), 'read');
    return new PinnedFile(file, segmentSeq(name) === undefined ? await file.size() : await dataEnd(file));
  }
}

/** Reads nothing behind the end that it had when it was pinned, and stays open when a reader closes it. */
class PinnedFile implements ReadableFile {
  private isOpen = true;

  constructor(
    private readonly file: ReadableFile,
    private readonly bytes: number,
  ) {}

  get path(): string {
    return this.file.path;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const wanted = Math.min(into.length, this.bytes - position);
    return wanted <= 0 ? 0 : this.file.read(into.subarray(0, wanted), position);
  }

  async size(): Promise<number> {
    return this.bytes;
  }

  async close(): Promise<void> {}

  async release(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
  }
}

/** Files of the journal, oldest first. */
async function journalNames(fileSystem: FileReader, directory: string): Promise<readonly string[]> {
  return (await fileSystem.list(directory)).filter((name) => segmentSeq(name) !== undefined).sort();
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
