import { join } from 'node:path';
import { errorMessage, type TaskTable } from '@execgo/core';
import { temporaryName, writeTemporary } from './checked-file.js';
import type { CommitQueue } from './commit-queue.js';
import type { Journal } from './journal.js';
import type { ResolvedOptions } from './options.js';
import { RECEIPTS_FILE, receiptBatches, receiptTexts } from './receipts-file.js';
import type { SnapshotInForce } from './recover.js';
import { cutBatches, STATE_FILE, stateTexts } from './state-file.js';

/**
 * Writes the state file and drops journal that nobody needs. A snapshot is: both files under temporary names, flushed; a
 * line with their checksums in the journal, flushed; both renamed; the directory flushed. Whatever a crash leaves of it, the
 * state file is one that a line in the journal tells of, and the events since then are in the journal.
 */
export class Snapshots {
  private inForce: SnapshotInForce | undefined;
  private writtenThen: number;
  private takenAt: number;
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly table: TaskTable,
    private readonly journal: Journal,
    private readonly queue: CommitQueue,
    inForce: SnapshotInForce | undefined,
  ) {
    this.inForce = inForce;
    this.writtenThen = journal.written - bytesAfter(journal, inForce?.seq ?? 0);
    this.takenAt = performance.now() - options.snapshotMinIntervalMs;
    this.warnIfLarge();
  }

  /** Called after each commit: begins a snapshot when the journal has grown enough. */
  afterCommit(): void {
    if (!this.isDue()) return;
    this.running = this.write()
      .catch((error) =>
        this.options.onWarning(`the snapshot was given up, the journal goes on: ${errorMessage(error)}`),
      )
      .finally(() => {
        this.running = undefined;
      });
  }

  /** Ends what is under way and writes one more if there is anything new. @throws whatever a disk may say */
  async finish(): Promise<void> {
    await this.running;
    if (this.inForce === undefined || this.inForce.seq < this.queue.lastSeq) await this.write();
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  /** @param base set where the state did not come from the events in the journal */
  async write(base = false): Promise<void> {
    const { fileSystem, directory } = this.options;
    this.takenAt = performance.now();
    const written = this.journal.written;
    const { lastSeq: seq } = this.queue;
    const receipts = [...this.table.allReceipts()];
    const cut = this.table.cut();
    try {
      const state = await writeTemporary(fileSystem, directory, STATE_FILE, stateTexts(cutBatches(cut)));
      const kept = await writeTemporary(fileSystem, directory, RECEIPTS_FILE, receiptTexts(receiptBatches(receipts)));
      const segment = await this.queue.mark({
        seq,
        crc32: state.crc32,
        receipts_crc32: kept.crc32,
        ...(base && { base }),
      });
      for (const name of [RECEIPTS_FILE, STATE_FILE]) {
        await fileSystem.rename(join(directory, temporaryName(name)), join(directory, name));
      }
      await this.flushNames();
      this.inForce = { seq, segment, stateBytes: state.bytes };
      this.writtenThen = written;
    } finally {
      cut.close();
    }
    this.warnIfLarge();
    await this.dropOldSegments();
  }

  /** Names of new journal depend on the next flush of the directory, which after a failed one proves nothing: so it is the last. */
  private async flushNames(): Promise<void> {
    const { fileSystem, directory } = this.options;
    try {
      await fileSystem.syncDirectory(directory);
    } catch (error) {
      this.queue.fail(error);
      throw error;
    }
  }

  private isDue(): boolean {
    const { snapshotMinBytes, snapshotMinIntervalMs } = this.options;
    if (this.running !== undefined || this.queue.error !== undefined) return false;
    const grown = this.journal.written - this.writtenThen;
    if (grown < Math.max(snapshotMinBytes, (this.inForce?.stateBytes ?? 0) / 2)) return false;
    return performance.now() - this.takenAt >= snapshotMinIntervalMs;
  }

  /** The oldest go first, and only what recovery would not read: neither its events nor the line of the snapshot in force. */
  private async dropOldSegments(): Promise<void> {
    const { journal, inForce } = this;
    if (inForce === undefined) return;
    let bytes = journal.bytes;
    let count = 0;
    for (const segment of journal.segments) {
      if (bytes <= this.options.eventRetentionBytes) break;
      if (segment === journal.active || segment.lastSeq > inForce.seq || segment.firstSeq >= inForce.segment) break;
      bytes -= segment.bytes;
      count += 1;
    }
    await journal.drop(count);
  }

  private warnIfLarge(): void {
    const { warnStateBytes, onWarning, directory } = this.options;
    const bytes = this.inForce?.stateBytes ?? 0;
    if (bytes <= warnStateBytes) return;
    onWarning(
      `${join(directory, STATE_FILE)} holds ${bytes} bytes, all of which are in memory too: set a retention, or move to store-sqlite`,
    );
  }
}

/** Journal that replay would read. */
function bytesAfter(journal: Journal, seq: number): number {
  let bytes = 0;
  for (const segment of journal.segments) {
    if (segment.lastSeq > seq) bytes += segment.bytes - segment.seek(seq + 1);
  }
  return bytes;
}
