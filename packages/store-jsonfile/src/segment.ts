/** Distance between two entries of the index, in bytes. */
const INDEX_EVERY_BYTES = 64 * 1024;
const SEQ_DIGITS = 16;
const NAME = new RegExp(`^journal-(\\d{${SEQ_DIGITS}})\\.log$`);

/** The file that begins with the event of this seq. Names sort as their seqs do. */
function segmentName(firstSeq: number): string {
  return `journal-${String(firstSeq).padStart(SEQ_DIGITS, '0')}.log`;
}

/** The seq in a segment's name; undefined for any other name. */
export function segmentSeq(name: string): number | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** One file of the journal, with a sparse index from seqs to places. */
export class Segment {
  /** Seq of its newest event; `firstSeq - 1` while it has none. */
  lastSeq: number;
  /** Bytes of whole lines. */
  bytes = 0;
  private readonly seqs: number[] = [];
  private readonly offsets: number[] = [];

  constructor(readonly firstSeq: number) {
    this.lastSeq = firstSeq - 1;
  }

  get name(): string {
    return segmentName(this.firstSeq);
  }

  /** Takes note of a line of events; lines come in order. */
  addEvents(seq: number, last: number, offset: number, end: number): void {
    const indexed = this.offsets.at(-1);
    if (indexed === undefined || offset - indexed >= INDEX_EVERY_BYTES) {
      this.seqs.push(seq);
      this.offsets.push(offset);
    }
    this.lastSeq = last;
    this.bytes = end;
  }

  /** A place at or before the line that holds this seq. */
  seek(seq: number): number {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.offsets[low - 1] as number);
  }
}
