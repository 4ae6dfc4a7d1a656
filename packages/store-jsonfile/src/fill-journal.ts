import { join } from 'node:path';
import { type CopyProgress, EventEncoder, ExecGoError, type StoreContents, type TaskEvent } from '@execgo/core';
import { Journal } from './journal.js';
import { EVENT_SEPARATOR, EVENTS_TAIL, eventsHead, type SnapshotMark, snapshotText } from './journal-line.js';
import { LineBuffer } from './line-buffer.js';
import type { FillOptions } from './options.js';
import { Segment, segmentSeq } from './segment.js';

/** A line of the journal ends when it has this many events, or this much text in UTF-16 units. */
const LINE_EVENTS = 1000;
const LINE_UNITS = 256 * 1024;

/** Events that are to be one line. */
interface Draft {
  readonly firstSeq: number;
  readonly timestamp: number;
  readonly texts: string[];
  units: number;
}

/** The journal of a store that is being filled: it goes on behind the last file that an earlier try has completed. */
export class FillJournal {
  private readonly encoder = new EventEncoder();
  private readonly lines = new LineBuffer();
  private draft: Draft | undefined;

  private constructor(
    private readonly journal: Journal,
    private readonly segmentBytes: number,
    private readonly firstSeq: number,
    /** Seq of the event that comes next. */
    private due: number,
  ) {}

  /** A file is begun when the one before is flushed, so the last one alone may be cut short: it is written once more. */
  static async open(
    { fileSystem, directory, segmentBytes }: FillOptions,
    contents: StoreContents,
  ): Promise<FillJournal> {
    const seqs = (await fileSystem.list(directory)).flatMap((name) => segmentSeq(name) ?? []).sort((a, b) => a - b);
    const last = seqs.pop();
    if (last !== undefined) await fileSystem.remove(join(directory, new Segment(last).name));
    const journal = new Journal(
      fileSystem,
      directory,
      seqs.map((seq) => new Segment(seq)),
      0,
    );
    const due = last ?? contents.firstSeq;
    await journal.begin(due);
    return new FillJournal(journal, segmentBytes, contents.firstSeq, due);
  }

  /** @throws ExecGoError `internal` where the contents skip or repeat an event */
  async fill(contents: StoreContents, onProgress: (progress: CopyProgress) => void): Promise<void> {
    const report = () => onProgress({ part: 'events', done: this.due - this.firstSeq });
    if (this.due > this.firstSeq) report();
    if (this.due > contents.lastSeq) return;
    for await (const events of contents.events(this.due - 1)) {
      for (const event of events) {
        this.add(event, contents.lastSeq);
        if (this.isFull()) await this.writeLine();
      }
      report();
    }
    await this.writeLine();
    if (this.due <= contents.lastSeq) throw misplaced('the end', this.due);
  }

  /** The line that makes a start take the snapshot files for what they are. Everything is flushed when it resolves. */
  async end(mark: SnapshotMark): Promise<void> {
    this.lines.begin();
    this.lines.add(snapshotText(mark, mark.seq));
    this.lines.end();
    await this.write();
    await this.journal.flush();
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  private add(event: TaskEvent, lastSeq: number): void {
    if (event.seq !== this.due || event.seq > lastSeq) throw misplaced(`seq ${event.seq}`, this.due);
    this.due += 1;
    this.draft ??= { firstSeq: event.seq, timestamp: event.timestamp, texts: [], units: 0 };
    const text = this.encoder.encode(event);
    this.draft.texts.push(text);
    this.draft.units += text.length;
  }

  private isFull(): boolean {
    return this.draft !== undefined && (this.draft.texts.length >= LINE_EVENTS || this.draft.units >= LINE_UNITS);
  }

  private async writeLine(): Promise<void> {
    if (this.draft === undefined) return;
    const { firstSeq, timestamp, texts } = this.draft;
    this.draft = undefined;
    if (this.journal.end >= this.segmentBytes && firstSeq > this.journal.active.firstSeq) {
      await this.journal.flush();
      await this.journal.begin(firstSeq);
    }
    this.lines.begin();
    // Nobody reads it before all of it is flushed, so each line may say so of those before it.
    this.lines.add(eventsHead(firstSeq, firstSeq + texts.length - 1, timestamp, firstSeq - 1));
    for (const [at, text] of texts.entries()) this.lines.add(at === 0 ? text : EVENT_SEPARATOR + text);
    this.lines.add(EVENTS_TAIL);
    this.lines.end();
    await this.write();
  }

  private async write(): Promise<void> {
    for (const part of this.lines.take()) await this.journal.write(part);
  }
}

function misplaced(came: string, due: number): ExecGoError {
  return new ExecGoError('internal', `the store that is copied gives ${came} where the event of seq ${due} is due`);
}
