const NEWLINE = 0x0a;
const OPENING_BRACE = 0x7b;
/** Of a line that is too long, this much of both ends is looked at for the id of the request that it answers. */
const END_BYTES = 256;

export interface OversizedLine {
  readonly bytes: number;
  /** The request that it answers, where that can be told. */
  readonly id: number | undefined;
}

export interface FramerEvents {
  /** A line that begins as JSON-RPC does, without white space round it. */
  readonly onLine: (line: string) => void;
  /** A line that is no message: what programs print for people. */
  readonly onNoise: (bytes: number) => void;
  /** A message longer than allowed. It was not kept. */
  readonly onOversized: (line: OversizedLine) => void;
}

/**
 * Cuts a stream into lines, keeping at most `maxBytes` of it: what is longer is counted and forgotten, and so is from its
 * first byte on what cannot be a message.
 */
export class LineFramer {
  private parts: Buffer[] = [];
  private bytes = 0;
  /** The first byte of the line that is no white space; undefined as long as there is none. */
  private first: number | undefined;
  private head: Buffer = Buffer.alloc(0);
  private tail: Buffer = Buffer.alloc(0);

  constructor(
    private readonly maxBytes: number,
    private readonly events: FramerEvents,
  ) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.add(chunk.subarray(start, end));
      this.finish();
      start = end + 1;
    }
    if (start < chunk.length) this.add(chunk.subarray(start));
  }

  private add(piece: Buffer): void {
    this.bytes += piece.length;
    this.first ??= piece.find((byte) => byte > 0x20);
    if (this.first !== OPENING_BRACE) return;
    if (this.bytes <= this.maxBytes) {
      this.parts.push(piece);
      return;
    }
    if (this.parts.length > 0) {
      const kept = Buffer.concat(this.parts);
      this.parts = [];
      this.head = Buffer.from(kept.subarray(0, END_BYTES));
      this.tail = Buffer.from(kept.subarray(-END_BYTES));
    } else if (this.head.length === 0) {
      this.head = Buffer.from(piece.subarray(0, END_BYTES));
    }
    this.tail = Buffer.concat([this.tail, piece.subarray(-END_BYTES)]).subarray(-END_BYTES);
  }

  private finish(): void {
    const { bytes, first, parts, head, tail } = this;
    this.parts = [];
    this.bytes = 0;
    this.first = undefined;
    this.head = Buffer.alloc(0);
    this.tail = Buffer.alloc(0);
    if (first === undefined) return;
    if (first !== OPENING_BRACE) this.events.onNoise(bytes);
    else if (bytes > this.maxBytes) this.events.onOversized({ bytes, id: answeredId(head, tail) });
    else this.events.onLine(Buffer.concat(parts).toString('utf8').trim());
  }
}

/** Members of JSON-RPC answers come in one of two orders in practice: the id before the result, or after it. */
function answeredId(head: Buffer, tail: Buffer): number | undefined {
  const before = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)\s*[,}]/.exec(head.toString('latin1'));
  const after = /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail.toString('latin1'));
  const digits = before?.[1] ?? after?.[1];
  return digits === undefined ? undefined : Number(digits);
}
