import { join } from 'node:path';
import { dataEnd } from './data-end.js';
import type { FileReader, ReadableFile } from './file-system.js';
import { type LineHead, lineHead, type RawLine, readLine, type SnapshotMark } from './journal-line.js';
import { Segment, segmentSeq } from './segment.js';
import { type Damage, type LineBatch, readLines } from './segment-reader.js';
import { damaged } from './store-damage.js';
import { readAll } from './write-all.js';

/** A snapshot line and where it stands. */
export interface PlacedMark {
  readonly mark: SnapshotMark;
  /** First seq of its segment. */
  readonly segment: number;
}

export interface JournalScan {
  /** In order, the one that is torn included with its good part. */
  readonly segments: readonly Segment[];
  readonly lastSeq: number;
  /** Events up to here were flushed: a later line says so. */
  readonly provenSeq: number;
  readonly marks: readonly PlacedMark[];
  /** In the last segment: the rest of a write that nobody was told of, as far as anybody can tell. */
  readonly torn: Damage | undefined;
  /** The last line of the last segment is whole but for its LF. */
  readonly unterminated: boolean;
  /** A last segment without a whole line, whose name does not follow from what came before. */
  readonly stray: string | undefined;
  /** Events up to here are history that was given up: the state was imported after them. */
  readonly baseSeq: number;
}

/**
 * Reads the whole journal and checks every line of it: checksums, and seqs without a gap. Changes nothing.
 *
 * @throws ExecGoError `internal` naming file and offset, for damage to what was flushed: a valid line, or a file, after it says so
 */
export async function scanJournal(fileSystem: FileReader, directory: string): Promise<JournalScan> {
  const firstSeqs = (await fileSystem.list(directory)).flatMap((name) => segmentSeq(name) ?? []).sort((a, b) => a - b);
  const scan = new Scan(firstSeqs[0] ?? 1);
  for (const [at, firstSeq] of firstSeqs.entries()) {
    const file = await fileSystem.open(join(directory, new Segment(firstSeq).name), 'read');
    try {
      await scan.segment(firstSeq, file, at === firstSeqs.length - 1);
    } finally {
      await file.close();
    }
  }
  return scan;
}

class Scan implements JournalScan {
  readonly segments: Segment[] = [];
  readonly marks: PlacedMark[] = [];
  lastSeq: number;
  provenSeq = 0;
  torn: Damage | undefined;
  unterminated = false;
  stray: string | undefined;
  baseSeq = 0;

  constructor(firstSeq: number) {
    this.lastSeq = firstSeq - 1;
  }

  async segment(firstSeq: number, file: ReadableFile, isLast: boolean): Promise<void> {
    const segment = new Segment(firstSeq);
    const follows = firstSeq === this.lastSeq + 1;
    const size = await dataEnd(file);
    for await (const batch of readLines(file, 0, size)) {
      const wrong = this.take(segment, batch.lines);
      this.unterminated = wrong === undefined && batch.unterminated === true;
      const damage = wrong ?? batch.damage ?? unterminatedBefore(batch, segment, isLast);
      if (damage === undefined) continue;
      await this.judge(file, size, damage, isLast);
      this.torn = damage;
      break;
    }
    if (segment.bytes === 0 && !follows) this.leftOver(segment, file, isLast);
    else this.segments.push(segment);
  }

  /** Takes note of valid lines; the first that does not follow from what came before is returned as damage. */
  private take(segment: Segment, lines: readonly RawLine[]): Damage | undefined {
    for (const line of lines) {
      const what = this.takeLine(segment, line);
      if (what !== undefined) return { offset: line.offset, what };
    }
    return undefined;
  }

  private takeLine(segment: Segment, line: RawLine): string | undefined {
    const head = lineHead(line.json);
    if (head === undefined) return 'a line of unknown form';
    if (head.kind === 'snapshot') return this.takeMark(segment, head.snapshot, head.durable, line.end);
    const due = segment.lastSeq < segment.firstSeq ? segment.firstSeq : this.lastSeq + 1;
    if (head.seq !== due || due !== this.lastSeq + 1) return `seq ${head.seq} where ${this.lastSeq + 1} is due`;
    if (head.durable > this.lastSeq) return `events from seq ${this.lastSeq + 1} on are missing before it`;
    this.lastSeq = head.last;
    this.provenSeq = Math.max(this.provenSeq, head.durable);
    segment.addEvents(head.seq, head.last, line.offset, line.end);
    return undefined;
  }

  private takeMark(segment: Segment, mark: SnapshotMark, durable: number, end: number): string | undefined {
    // History begins anew at a base: what came before it does not have to reach up to here.
    const isBase = mark.base === true && segment.lastSeq < segment.firstSeq && mark.seq + 1 === segment.firstSeq;
    if (isBase) {
      this.lastSeq = Math.max(this.lastSeq, mark.seq);
      this.baseSeq = mark.seq;
    }
    if (Math.max(mark.seq, durable) > this.lastSeq)
      return `events from seq ${this.lastSeq + 1} on are missing before it`;
    this.provenSeq = Math.max(this.provenSeq, durable);
    this.marks.push({ mark, segment: segment.firstSeq });
    segment.bytes = end;
    return undefined;
  }

  /** Damage to what was flushed is refused; above that it is the torn end of a write that nobody was told of. */
  private async judge(file: ReadableFile, size: number, damage: Damage, isLast: boolean): Promise<void> {
    const proof = isLast ? await this.proofAfter(file, size, damage.offset) : 'the file after it';
    if (proof === undefined) return;
    throw damaged(file.path, `${damage.what}, and ${proof} shows that it had been written whole`, damage.offset);
  }

  /** Names a valid line, after damage, that was written when the damaged bytes were on disk already. */
  private async proofAfter(file: ReadableFile, size: number, from: number): Promise<string | undefined> {
    const bytes = Buffer.alloc(size - from);
    await readAll(file, bytes, from);
    for (let at = 0; at >= 0 && at < bytes.length; ) {
      const step = readLine(bytes, at, from, size);
      const head = step.kind === 'line' ? lineHead(step.line.json) : undefined;
      if (step.kind !== 'line' || head === undefined) {
        at = nextCandidate(bytes, at);
        continue;
      }
      if (this.proves(head, at === 0)) return `the line at byte ${step.line.offset}`;
      at = step.line.end - from;
    }
    return undefined;
  }

  private proves(head: LineHead, isDamageItself: boolean): boolean {
    // A snapshot line is flushed alone, after everything before it.
    if (head.kind === 'snapshot' || head.durable > this.lastSeq) return true;
    // With the seq that is due here, the damaged line before it held no events: it was a snapshot line.
    return head.seq <= (isDamageItself ? this.lastSeq : this.lastSeq + 1);
  }

  /** A file is begun when all before it is flushed. Without a whole line it is the start of something that was given up. */
  private leftOver(segment: Segment, file: ReadableFile, isLast: boolean): void {
    if (!isLast) throw damaged(file.path, `holds no events from seq ${segment.firstSeq} on`, 0);
    this.stray = segment.name;
    this.torn = undefined;
  }
}

function unterminatedBefore(batch: LineBatch, segment: Segment, isLast: boolean): Damage | undefined {
  return batch.unterminated && !isLast ? { offset: segment.bytes, what: 'a line lacks its line feed' } : undefined;
}

const LF = 0x0a;

/** Where a line may begin: behind the next LF, or right behind the damaged byte, should that have been one. */
function nextCandidate(bytes: Buffer, at: number): number {
  if (at === 0) return 1;
  const lf = bytes.indexOf(LF, at);
  return lf < 0 ? -1 : lf + 1;
}
