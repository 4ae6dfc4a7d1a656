import type { FileHandle } from 'node:fs/promises';
import {
  errorMessage,
  fromWire,
  type KeptReceipt,
  nextTurn,
  reviveEvent,
  type StoreContents,
  type Task,
  type TaskEvent,
} from '@execgo/core';
import { damaged } from './archive-damage.js';
import { isIntact, type Part, rowsHead, rowsOf } from './archive-line.js';
import type { CheckedArchive } from './check-archive.js';
import { readLines } from './line-source.js';

/** What an archive holds, read from its file a line at a time. */
export class ArchiveContents implements StoreContents {
  readonly storeId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  private isOpen = true;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly archive: CheckedArchive,
  ) {
    this.storeId = archive.header.store_id;
    this.firstSeq = archive.header.first_seq;
    this.lastSeq = archive.header.last_seq;
  }

  async *tasks(after = 0): AsyncGenerator<readonly Task[]> {
    for await (const tasks of this.batches('tasks', after, (row) => fromWire(row))) {
      yield tasks.filter((task) => task.submitted_seq > after);
    }
  }

  async *events(after = 0): AsyncGenerator<readonly TaskEvent[]> {
    for await (const events of this.batches('events', after, reviveEvent)) {
      yield events.filter(({ seq }) => seq > after);
    }
  }

  receipts(): AsyncGenerator<readonly KeptReceipt[]> {
    return this.batches('receipts', 0, (row) => row as KeptReceipt);
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
  }

  /** Every line was checked when the archive was opened; a file may change since. */
  private async *batches<T>(part: Part, after: number, revive: (row: unknown) => T): AsyncGenerator<T[]> {
    const lines = this.archive.index[part];
    let at = part === 'receipts' ? 0 : lines.findIndex(({ last }) => last > after);
    const first = lines[at];
    if (first === undefined) return;
    for await (const { offset, bytes } of readLines(this.file, first.offset)) {
      const head = rowsHead(bytes);
      if (offset !== lines[at]?.offset || head === undefined || !isIntact(bytes)) {
        throw damaged(this.path, 'it was altered while it was read', offset);
      }
      yield this.revived(bytes, head.from, offset, revive);
      at += 1;
      if (at === lines.length) return;
      await nextTurn();
    }
  }

  private revived<T>(bytes: Buffer, from: number, offset: number, revive: (row: unknown) => T): T[] {
    try {
      return rowsOf(bytes, from).map(revive);
    } catch (error) {
      throw damaged(this.path, errorMessage(error), offset, error);
    }
  }
}
