import {
  ExecGoError,
  isExecGoError,
  type MissingBytes,
  type OutputKey,
  type OutputStore,
  type OutputStream,
  type StoredOutput,
} from '@execgo/core';
import { AttemptFiles } from './attempt-files.js';
import { claimDirectory } from './claim-directory.js';
import { cannot, notOpen } from './file-errors.js';
import { type OutputFilesOptions, resolveOptions } from './options.js';
import { readRange, sizeOnDisk, tasksOnDisk } from './read-files.js';
import { removeFolder } from './task-folder.js';

/** What is under way for one task: calls take effect one after another. */
interface TaskWork {
  /** The attempt that writes. */
  files: AttemptFiles | undefined;
  last: Promise<unknown>;
}

/**
 * Captured output in files of a folder, one file a stream. What an append resolved for has been handed to the operating system:
 * it outlives the process, not a power cut.
 *
 * A task holds memory and, with output under way, two open files, from its first append to `finish`; what is kept costs nothing
 * here. closed → open → closed, as often as wanted.
 */
export class OutputFiles implements OutputStore {
  private readonly options: Required<OutputFilesOptions>;
  private readonly tasks = new Map<number, TaskWork>();
  private isOpen = false;

  /** @throws ConfigError for an option that cannot be used */
  constructor(options: OutputFilesOptions) {
    this.options = resolveOptions(options);
  }

  async open({ storeId }: { readonly storeId: string }): Promise<void> {
    if (this.isOpen) throw new ExecGoError('unavailable', 'this output store is open already');
    const { directory } = this.options;
    try {
      await claimDirectory(directory, storeId);
    } catch (error) {
      throw cannot(`the folder ${directory} for the output of tasks cannot be used`, error);
    }
    this.isOpen = true;
  }

  append(key: OutputKey, stream: OutputStream, chunk: Uint8Array): Promise<void> {
    const copy = new Uint8Array(chunk);
    return this.inTurn(key.submittedSeq, async (task) => {
      if (isOutdated(task, key)) return;
      const files = await this.filesFor(task, key);
      await files.append(stream, copy);
    });
  }

  finish(key: OutputKey, missing?: MissingBytes): Promise<void> {
    return this.inTurn(key.submittedSeq, async (task) => {
      if (isOutdated(task, key)) return;
      const files = await this.filesFor(task, key);
      try {
        await files.finish(missing);
      } finally {
        task.files = undefined;
      }
    });
  }

  async size(key: OutputKey): Promise<StoredOutput | undefined> {
    const files = this.writing(key);
    if (files !== undefined) return { stdout: files.size('stdout'), stderr: files.size('stderr'), finished: false };
    return sizeOnDisk(this.options.directory, key);
  }

  async read(key: OutputKey, stream: OutputStream, start: number, end: number): Promise<Uint8Array> {
    const limit = this.writing(key)?.size(stream).kept ?? Number.MAX_SAFE_INTEGER;
    return readRange(this.options.directory, key, stream, { start, end, limit });
  }

  remove(submittedSeq: number): Promise<void> {
    return this.inTurn(submittedSeq, async (task) => {
      const { files } = task;
      task.files = undefined;
      await files?.close();
      try {
        await removeFolder(this.options.directory, submittedSeq);
      } catch (error) {
        throw cannot(`output in ${this.options.directory} cannot be removed`, error);
      }
    });
  }

  submittedSeqs(): AsyncIterable<readonly number[]> {
    return tasksOnDisk(this.options.directory);
  }

  async close(): Promise<void> {
    this.isOpen = false;
    for (const task of [...this.tasks.values()]) {
      await task.last;
      await task.files?.close();
    }
    this.tasks.clear();
  }

  private writing({ submittedSeq, attempt }: OutputKey): AttemptFiles | undefined {
    const files = this.tasks.get(submittedSeq)?.files;
    return files?.key.attempt === attempt ? files : undefined;
  }

  private async filesFor(task: TaskWork, key: OutputKey): Promise<AttemptFiles> {
    if (task.files?.key.attempt === key.attempt) return task.files;
    await task.files?.close();
    const { directory, maxBytesPerAttempt } = this.options;
    task.files = new AttemptFiles(directory, key, maxBytesPerAttempt);
    return task.files;
  }

  /** After all that was asked before for the same task. */
  private inTurn(submittedSeq: number, work: (task: TaskWork) => Promise<void>): Promise<void> {
    if (!this.isOpen) return Promise.reject(notOpen());
    const task = this.tasks.get(submittedSeq) ?? { files: undefined, last: Promise.resolve() };
    this.tasks.set(submittedSeq, task);
    const mine = task.last.then(() => work(task));
    // What fails is told to its own caller.
    const last = mine.catch(isExecGoError).then(() => {
      if (task.last === last && task.files === undefined && this.tasks.get(submittedSeq) === task) {
        this.tasks.delete(submittedSeq);
      }
    });
    task.last = last;
    return mine;
  }
}

/** Of a task the newest attempt alone is kept: one before that which writes has nothing to say any more. */
function isOutdated({ files }: TaskWork, { attempt }: OutputKey): boolean {
  return files !== undefined && attempt < files.key.attempt;
}

/** Makes a store over a folder; it does nothing before `open`. @throws ConfigError for an option that cannot be used */
export function createOutputFiles(options: OutputFilesOptions): OutputFiles {
  return new OutputFiles(options);
}
