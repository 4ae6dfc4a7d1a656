import type { TaskEvent } from '@execgo/core';
import { reviveEvent } from '@execgo/core';
import { crc32, hex32 } from './crc32.js';
import { HEADER_BYTES, LENGTH_DIGITS } from './line-buffer.js';

/** Tells of a snapshot: written once its files are complete on disk and before they take their names. */
export interface SnapshotMark {
  /** The snapshot holds what events up to this seq came to. */
  readonly seq: number;
  /** CRC-32 of the whole state file, hex. */
  readonly crc32: string;
  /** CRC-32 of the whole receipts file, hex. */
  readonly receipts_crc32: string;
  /** The state did not come from the events before this line: history begins after it. */
  readonly base?: true;
}

/** Between the events of a line, so that a long one can be cut without parsing it: JSON allows it here, and never inside a string. */
export const EVENT_SEPARATOR = ',\t';

/** The JSON of an `events` line up to its first event. */
export function eventsHead(first: number, last: number, timestamp: number, durable: number): string {
  return `{"seq":${first},"last":${last},"timestamp":${timestamp},"durable":${durable},"events":[\t`;
}

export const EVENTS_TAIL = ']}';

export function snapshotText(snapshot: SnapshotMark, durable: number): string {
  return JSON.stringify({ durable, snapshot });
}

/** A line with its place: the bytes of its JSON, without header and LF. */
export interface RawLine {
  readonly offset: number;
  /** Where the next line begins. */
  readonly end: number;
  readonly json: Buffer;
}

export type LineStep =
  | { readonly kind: 'line'; readonly line: RawLine; readonly terminated: boolean }
  /** More bytes are needed: at least this many from the offset on. */
  | { readonly kind: 'more'; readonly bytes: number }
  | { readonly kind: 'damage'; readonly offset: number; readonly what: string };

const LF = 0x0a;
const HEADER = new RegExp(`^([0-9a-f]{8}) (\\d{${LENGTH_DIGITS}}) $`);

/**
 * Reads the line at `at`.
 *
 * @param buffer part of a segment, which begins at `base` of it
 * @param fileSize size of the whole segment: a length that leads past it is damage, not a reason to read on
 */
export function readLine(buffer: Buffer, at: number, base: number, fileSize: number): LineStep {
  const offset = base + at;
  if (offset + HEADER_BYTES > fileSize) return damage(offset, 'a line is cut short');
  if (at + HEADER_BYTES > buffer.length) return { kind: 'more', bytes: HEADER_BYTES };
  const header = HEADER.exec(buffer.toString('latin1', at, at + HEADER_BYTES));
  if (header === null) return damage(offset, 'not the beginning of a line');
  const length = Number(header[2]);
  const jsonEnd = offset + HEADER_BYTES + length;
  if (jsonEnd > fileSize) return damage(offset, 'a line is cut short');
  const wanted = HEADER_BYTES + length + (jsonEnd < fileSize ? 1 : 0);
  if (at + wanted > buffer.length) return { kind: 'more', bytes: wanted };
  const json = buffer.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  if (hex32(crc32(json)) !== header[1]) return damage(offset, 'the checksum of a line does not match');
  const terminated = jsonEnd < fileSize && buffer[at + HEADER_BYTES + length] === LF;
  // A whole line before a wrong byte counts; the byte is damage of its own.
  return { kind: 'line', line: { offset, end: jsonEnd + (terminated ? 1 : 0), json }, terminated };
}

function damage(offset: number, what: string): LineStep {
  return { kind: 'damage', offset, what };
}

/** What a line says about itself, without its events. */
export type LineHead =
  | {
      readonly kind: 'events';
      readonly seq: number;
      readonly last: number;
      readonly durable: number;
      readonly from: number;
    }
  | { readonly kind: 'snapshot'; readonly durable: number; readonly snapshot: SnapshotMark };

const EVENTS_HEAD = /^\{"seq":(\d+),"last":(\d+),"timestamp":-?[\d.e+]+,"durable":(\d+),"events":\[\t/;
const MAX_HEAD_BYTES = 160;

/** undefined where the line is none of ours, whatever its checksum says. */
export function lineHead(json: Buffer): LineHead | undefined {
  const events = EVENTS_HEAD.exec(json.toString('latin1', 0, MAX_HEAD_BYTES));
  if (events !== null) {
    const [head, seq, last, durable] = events;
    return { kind: 'events', seq: Number(seq), last: Number(last), durable: Number(durable), from: head.length };
  }
  try {
    const { durable, snapshot } = JSON.parse(json.toString()) as { durable?: unknown; snapshot?: SnapshotMark };
    if (!Number.isSafeInteger(durable) || typeof snapshot !== 'object') return undefined;
    return { kind: 'snapshot', durable: durable as number, snapshot };
  } catch {
    return undefined;
  }
}

/** Bytes of events that are parsed in one go. */
const PARSE_BYTES = 128 * 1024;
const SEPARATOR = Buffer.from(EVENT_SEPARATOR);

/**
 * The texts of a line's events, several to a slice and joined by commas: `[` and `]` around one make it JSON. A line of many
 * megabytes can so be read without stopping the event loop.
 */
export function* eventSlices(json: Buffer, from: number): IterableIterator<Buffer> {
  const end = json.length - EVENTS_TAIL.length;
  for (let at = from; at < end; ) {
    const cut = at + PARSE_BYTES < end ? json.indexOf(SEPARATOR, at + PARSE_BYTES) : -1;
    const until = cut < 0 ? end : cut;
    yield json.subarray(at, until);
    at = cut < 0 ? end : cut + SEPARATOR.length;
  }
}

export function parseEvents(slice: Buffer): TaskEvent[] {
  const events = JSON.parse(`[${slice.toString()}]`) as unknown[];
  for (const event of events) reviveEvent(event);
  return events as TaskEvent[];
}
