import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  ConfigError,
  type CopyProgress,
  ExecGoError,
  errorMessage,
  isExecGoError,
  type StoreContents,
  type StoreMaintenance,
  type StoreReport,
} from '@execgo/core';
import { ArchiveContents } from './archive-contents.js';
import { FORMAT } from './archive-line.js';
import { checkArchive } from './check-archive.js';
import { writeNewFile } from './new-file.js';
import { writeArchive } from './write-archive.js';

export interface ArchiveOptions {
  /** The file. Its folder must exist. */
  readonly file: string;
}

/**
 * A whole store in one file. `read` checks every byte of it before it gives out anything; `fill` writes a new file, flushed,
 * of mode 0600, that is there whole or not at all. Memory is flat, whatever the size.
 */
export class Archive implements StoreMaintenance {
  private readonly path: string;

  /** @throws ConfigError for an option that cannot be used */
  constructor({ file }: ArchiveOptions) {
    if (typeof file !== 'string' || file === '') throw new ConfigError('file', 'a path', file);
    this.path = resolve(file);
  }

  /** @throws ExecGoError `not_found` where the file is missing, `internal` naming file and offset where it is not as it was written, `unavailable` where it cannot be read */
  async read(): Promise<StoreContents> {
    const file = await this.open();
    try {
      return new ArchiveContents(file, this.path, await checkArchive(file, this.path));
    } catch (error) {
      await file.close();
      throw isExecGoError(error) ? error : unusable(this.path, 'read', error);
    }
  }

  /** @throws ExecGoError `conflict` where the file exists, `unavailable` where it cannot be written; whatever the contents throw */
  async fill(contents: StoreContents, onProgress: (progress: CopyProgress) => void = () => {}): Promise<void> {
    try {
      await writeNewFile(this.path, (file) => writeArchive(file, contents, onProgress));
    } catch (error) {
      throw isExecGoError(error) ? error : unusable(this.path, 'written', error);
    }
  }

  async inspect(): Promise<StoreReport> {
    const { path: place } = this;
    let file: FileHandle | undefined;
    try {
      file = await this.open();
      const { header, counts, bytes, sha256 } = await checkArchive(file, place);
      const { store_id, first_seq, last_seq } = header;
      return {
        place,
        facts: { format: FORMAT, store_id, first_seq, last_seq, ...counts, bytes, sha256 },
        findings: [],
      };
    } catch (error) {
      const { what, offset } = isExecGoError(error) ? (error.details ?? {}) : {};
      const message = typeof what === 'string' ? what : errorMessage(error);
      return {
        place,
        facts: {},
        findings: [
          {
            severity: 'error',
            message,
            remedy: 'Take another copy of the file: an archive is used whole or not at all',
            file: place,
            ...(typeof offset === 'number' && { offset }),
          },
        ],
      };
    } finally {
      await file?.close();
    }
  }

  private async open(): Promise<FileHandle> {
    try {
      return await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(this.path, 'read', error);
      throw new ExecGoError('not_found', `there is no archive ${this.path}`, { details: { file: this.path } });
    }
  }
}

/** An archive at this place; nothing is touched before a method is called. @throws ConfigError for an option that cannot be used */
export function createArchive(options: ArchiveOptions): Archive {
  return new Archive(options);
}

/** The same by the convention of drivers, which know one place by one path. */
export function createMaintenance({ path }: { readonly path: string }): Archive {
  return new Archive({ file: path });
}

function unusable(path: string, done: 'read' | 'written', cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the archive ${path} cannot be ${done}: ${errorMessage(cause)}`, { cause });
}
