import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { CopyProgress, StoreContents } from '@execgo/core';
import { nextTurn } from '@execgo/core';
import { FORMAT, lineBytes, membersOf, type Part, rowsMembers } from './archive-line.js';
import { eventText, receiptText, taskText } from './canonical.js';

/** A line ends when it has this much text, in UTF-16 units, or this many rows. */
const LINE_UNITS = 256 * 1024;
const LINE_ROWS = 2000;

type OnProgress = (progress: CopyProgress) => void;

/** Writes contents to a file that is empty; what it has written is not flushed. */
export async function writeArchive(file: FileHandle, contents: StoreContents, onProgress: OnProgress): Promise<void> {
  const writer = new Writer(file, onProgress);
  await writer.header(contents);
  await writer.part('tasks', contents.tasks(), taskText, (task) => task.submitted_seq);
  await writer.part('events', contents.events(), eventText, (event) => event.seq);
  await writer.part('receipts', contents.receipts(), receiptText, () => 0);
  await writer.end();
}

class Writer {
  private readonly hash = createHash('sha256');
  private readonly counts = { tasks: 0, events: 0, receipts: 0 };
  private lines = 0;

  constructor(
    private readonly file: FileHandle,
    private readonly onProgress: OnProgress,
  ) {}

  async header({ storeId: store_id, firstSeq: first_seq, lastSeq: last_seq }: StoreContents): Promise<void> {
    await this.write(membersOf({ line: 1, archive: { format: FORMAT, store_id, first_seq, last_seq } }));
  }

  async part<T>(
    part: Part,
    batches: AsyncIterable<readonly T[]>,
    textOf: (item: T) => string,
    seqOf: (item: T) => number,
  ): Promise<void> {
    let rows: string[] = [];
    let units = 0;
    let last = 0;
    const writeRows = async () => {
      await this.write(rowsMembers({ line: this.lines + 1, part, count: rows.length, last }, rows));
      this.counts[part] += rows.length;
      rows = [];
      units = 0;
    };
    for await (const batch of batches) {
      for (const item of batch) {
        const text = textOf(item);
        rows.push(text);
        units += text.length;
        last = seqOf(item);
        if (units < LINE_UNITS && rows.length < LINE_ROWS) continue;
        await writeRows();
        await nextTurn();
      }
      this.onProgress({ part, done: this.counts[part] + rows.length });
    }
    if (rows.length > 0) await writeRows();
  }

  async end(): Promise<void> {
    const sha256 = this.hash.copy().digest('hex');
    await this.write(membersOf({ line: this.lines + 1, end: { ...this.counts, sha256 } }));
  }

  private async write(members: string): Promise<void> {
    const bytes = lineBytes(members);
    this.hash.update(bytes);
    this.lines += 1;
    // A write may take fewer bytes than it is given, without an error.
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done);
      done += bytesWritten;
    }
  }
}
