import { constants } from 'node:fs';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { type MissingBytes, OUTPUT_STREAMS, type OutputKey, type OutputStream, type StreamSize } from '@execgo/core';
import { cannot } from './file-errors.js';
import { endFile, streamFile } from './layout.js';
import { freshFolder } from './task-folder.js';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * The files of one attempt while it writes: one a stream, open from its first bytes on. After a failure it takes nothing more.
 * Its calls are made one after another.
 */
export class AttemptFiles {
  private readonly files: Partial<Record<OutputStream, FileHandle>> = {};
  private readonly came: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  private readonly kept: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  private failure: Error | undefined;
  private begun = false;

  constructor(
    private readonly directory: string,
    readonly key: OutputKey,
    private readonly maxBytes: number,
  ) {}

  size(stream: OutputStream): StreamSize {
    // A chunk that is being written, or of which a part was refused, is not among those that came.
    return { bytes: Math.max(this.came[stream], this.kept[stream]), kept: this.kept[stream] };
  }

  /** @throws ExecGoError `unavailable` */
  append(stream: OutputStream, chunk: Uint8Array): Promise<void> {
    return this.attempt(async () => {
      await this.begin();
      const isWhole = this.kept[stream] === this.came[stream];
      const room = isWhole ? Math.max(0, this.maxBytes - this.kept.stdout - this.kept.stderr) : 0;
      await this.write(stream, chunk.subarray(0, room));
      this.came[stream] += chunk.length;
    });
  }

  /** @throws ExecGoError `unavailable`; nothing is left open in any case */
  async finish(missing: MissingBytes | undefined): Promise<void> {
    try {
      await this.attempt(() => this.begin());
    } finally {
      await this.close();
    }
    for (const stream of OUTPUT_STREAMS) this.came[stream] += missing?.[stream] ?? 0;
    const sizes = { stdout: this.size('stdout'), stderr: this.size('stderr') };
    const path = endFile(this.directory, this.key);
    await this.attempt(() => writeFile(path, `${JSON.stringify(sizes)}\n`, { flag: NEW_FILE, mode: 0o600 }));
  }

  async close(): Promise<void> {
    for (const stream of OUTPUT_STREAMS) {
      const file = this.files[stream];
      delete this.files[stream];
      await file?.close();
    }
  }

  private async begin(): Promise<void> {
    if (this.begun) return;
    await freshFolder(this.directory, this.key.submittedSeq);
    this.begun = true;
  }

  private async write(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.files[stream] ??= await open(streamFile(this.directory, this.key, stream), NEW_FILE, 0o600);
    for (let at = 0; at < bytes.length; ) {
      // A disk that is nearly full takes a part.
      const { bytesWritten } = await this.files[stream].write(bytes, at, bytes.length - at, this.kept[stream]);
      at += bytesWritten;
      this.kept[stream] += bytesWritten;
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    try {
      await work();
    } catch (error) {
      this.failure = cannot(`output cannot be written to ${this.directory}`, error);
      throw this.failure;
    }
  }
}
