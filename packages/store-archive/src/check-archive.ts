import { createHash } from 'node:crypto';
import { damaged } from './archive-damage.js';
import {
  type Counts,
  type EndLine,
  endOf,
  FORMAT,
  type HeaderLine,
  headerOf,
  isIntact,
  PARTS,
  type Part,
  rowsHead,
} from './archive-line.js';
import { type ByteSource, type PlacedLine, readLines } from './line-source.js';

/** Where a line of rows stands. */
export interface IndexedLine {
  readonly offset: number;
  readonly last: number;
}

/** An archive that is whole and unaltered, and where its parts are. */
export interface CheckedArchive {
  readonly header: HeaderLine['archive'];
  readonly counts: Counts;
  /** SHA-256 of all lines but the last. */
  readonly sha256: string;
  readonly bytes: number;
  readonly index: Readonly<Record<Part, readonly IndexedLine[]>>;
}

/**
 * Reads a whole archive and holds every line against its checksum, its number and the counts and the SHA-256 at the end.
 *
 * @throws ExecGoError `internal` naming file and offset, for anything but an archive as it was written
 */
export async function checkArchive(file: ByteSource, path: string): Promise<CheckedArchive> {
  const check = new Check(path);
  for await (const line of readLines(file, 0)) check.take(line);
  return check.result();
}

class Check {
  private readonly index: Record<Part, IndexedLine[]> = { tasks: [], events: [], receipts: [] };
  private readonly counts: Record<Part, number> = { tasks: 0, events: 0, receipts: 0 };
  private readonly hash = createHash('sha256');
  private header: HeaderLine['archive'] | undefined;
  private end: EndLine['end'] | undefined;
  private part = 0;
  private lines = 0;
  private bytes = 0;

  constructor(private readonly path: string) {}

  take(line: PlacedLine): void {
    const { offset, bytes, terminated } = line;
    if (this.end !== undefined) throw this.wrong(offset, 'something follows its last line');
    this.lines += 1;
    this.bytes = offset + bytes.length + 1;
    if (this.header === undefined) this.takeHeader(line);
    else if (!terminated) throw this.wrong(offset, 'it ends in the midst of a line: it was cut short');
    else if (!isIntact(bytes)) throw this.wrong(offset, 'a line is not what was written: its checksum does not match');
    else this.takeLine(line);
    if (this.end === undefined) this.hash.update(bytes).update('\n');
  }

  result(): CheckedArchive {
    const { header, end, counts, index, bytes } = this;
    if (header === undefined) throw this.wrong(0, 'it is empty');
    if (end === undefined) throw this.wrong(bytes, 'its last line is missing: it was cut short');
    return { header, counts, index, bytes, sha256: end.sha256 };
  }

  private takeHeader({ bytes, offset, terminated }: PlacedLine): void {
    const header = headerOf(bytes);
    if (header !== undefined && typeof header.format === 'number' && header.format > FORMAT && isIntact(bytes)) {
      throw this.wrong(
        offset,
        `format ${header.format} was written by a later version of ExecGo; this one reads ${FORMAT}`,
      );
    }
    if (header === undefined && !bytes.toString('latin1', 0, 8).startsWith('{"sum":"')) {
      throw this.wrong(offset, 'it is no archive of ExecGo');
    }
    if (!terminated || header === undefined || !isIntact(bytes)) {
      throw this.wrong(offset, 'its first line is not what was written');
    }
    this.header = header;
  }

  private takeLine({ offset, bytes }: PlacedLine): void {
    const rows = rowsHead(bytes);
    const end = rows === undefined ? endOf(bytes) : undefined;
    const number = rows?.line ?? end?.line;
    if (number !== this.lines)
      throw this.wrong(offset, `line ${number ?? 'of another kind'} where line ${this.lines} is due`);
    if (rows !== undefined) {
      const part = PARTS.indexOf(rows.part);
      if (part < this.part) throw this.wrong(offset, `${rows.part} where ${PARTS[this.part]} are due`);
      this.part = part;
      this.counts[rows.part] += rows.count;
      this.index[rows.part].push({ offset, last: rows.last });
    }
    if (end !== undefined) this.takeEnd(end.end, offset);
  }

  private takeEnd(end: EndLine['end'], offset: number): void {
    const wrong = PARTS.find((part) => end[part] !== this.counts[part]);
    if (wrong !== undefined)
      throw this.wrong(offset, `it holds ${this.counts[wrong]} ${wrong}, and ${end[wrong]} were written`);
    const sha256 = this.hash.digest('hex');
    if (end.sha256 !== sha256) throw this.wrong(offset, 'the SHA-256 of all lines is not the one that was written');
    this.end = end;
  }

  private wrong(offset: number, what: string): Error {
    return damaged(this.path, what, offset);
  }
}
