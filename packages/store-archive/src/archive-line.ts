import { createHash } from 'node:crypto';
import { type CopyProgress, isJsonObject } from '@execgo/core';

/** What every archive begins with, whatever its format: how anybody tells one. */
export const FORMAT = 1;

export type Part = CopyProgress['part'];
export const PARTS: readonly Part[] = ['tasks', 'events', 'receipts'];

/** How many of each part there are. */
export type Counts = Readonly<Record<Part, number>>;

export interface HeaderLine {
  readonly line: 1;
  readonly archive: {
    readonly format: typeof FORMAT;
    readonly store_id: string;
    readonly first_seq: number;
    readonly last_seq: number;
  };
}

/** Up to its rows; they follow as an array. */
export interface RowsHead {
  readonly line: number;
  readonly part: Part;
  /** How many rows the line has. */
  readonly count: number;
  /** `submitted_seq` of its last task, seq of its last event; 0 for receipts. */
  readonly last: number;
}

export interface EndLine {
  readonly line: number;
  readonly end: Counts & { readonly sha256: string };
}

const SUM_DIGITS = 16;
/** `{"sum":"0123456789abcdef",` stands before everything that the sum is taken of. */
const PREFIX = '{"sum":"';
const PREFIX_END = '",';
const SUM_BYTES = PREFIX.length + SUM_DIGITS + PREFIX_END.length;
const LF = 0x0a;

/**
 * One line of an archive, LF included: a JSON object that begins with its own checksum, the first 16 hex digits of the SHA-256
 * of all that follows it in the line.
 *
 * @param members the rest of the object, without its opening brace
 */
export function lineBytes(members: string): Buffer {
  const bytes = Buffer.from(`${PREFIX}${'0'.repeat(SUM_DIGITS)}${PREFIX_END}${members}\n`);
  bytes.write(sumOf(bytes.subarray(0, -1)), PREFIX.length, 'latin1');
  return bytes;
}

/** The members of an object, for a line that is small. */
export function membersOf(content: HeaderLine | EndLine): string {
  return JSON.stringify(content).slice(1);
}

export function rowsMembers({ line, part, count, last }: RowsHead, rows: readonly string[]): string {
  return `"line":${line},"part":"${part}","count":${count},"last":${last},"rows":[${rows.join()}]}`;
}

/** Whether a line, without its LF, is what was written. */
export function isIntact(line: Buffer): boolean {
  const prefix = line.toString('latin1', 0, SUM_BYTES);
  return line.length > SUM_BYTES && prefix === `${PREFIX}${sumOf(line)}${PREFIX_END}`;
}

const ROWS_HEAD = /^"line":(\d+),"part":"(tasks|events|receipts)","count":(\d+),"last":(\d+),"rows":\[/;
const MAX_HEAD_BYTES = 160;

/** What a line of rows says about itself, and where its rows begin; undefined for a line of another kind. */
export function rowsHead(line: Buffer): (RowsHead & { readonly from: number }) | undefined {
  const match = ROWS_HEAD.exec(line.toString('latin1', SUM_BYTES, SUM_BYTES + MAX_HEAD_BYTES));
  if (match === null) return undefined;
  const [head, number, part, count, last] = match;
  const from = SUM_BYTES + head.length;
  return { line: Number(number), part: part as Part, count: Number(count), last: Number(last), from };
}

/** The rows of an intact line, parsed. */
export function rowsOf(line: Buffer, from: number): unknown[] {
  return JSON.parse(`[${line.toString('utf8', from, line.length - 2)}]`);
}

export function headerOf(line: Buffer): HeaderLine['archive'] | undefined {
  const { archive } = parse(line);
  return isJsonObject(archive) ? (archive as unknown as HeaderLine['archive']) : undefined;
}

export function endOf(line: Buffer): EndLine | undefined {
  const content = parse(line);
  return isJsonObject(content.end) ? (content as unknown as EndLine) : undefined;
}

function parse(line: Buffer): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(line.toString());
    return isJsonObject(content) ? content : {};
  } catch {
    // Not ours, then: every line of ours is JSON.
    return {};
  }
}

function sumOf(line: Buffer): string {
  return createHash('sha256').update(line.subarray(SUM_BYTES)).digest('hex').slice(0, SUM_DIGITS);
}

/** Where the next LF is; -1 where there is none. */
export function lineEnd(bytes: Buffer, from: number): number {
  return bytes.indexOf(LF, from);
}
