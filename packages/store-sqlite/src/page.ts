/** Texts longer than this are handed over as bytes, which are moved instead of copied; in UTF-16 units. */
const MOVED_UNITS = 64 * 1024;

/** What a read gives: lines of text, and the state that they are of. */
export interface Page {
  /** Lines with a line feed between. */
  readonly text: string | Uint8Array;
  /** How many. */
  readonly count: number;
  /** Newest seq of the state that was read. */
  readonly lastSeq: number;
}

export function pageOf(lines: readonly string[], lastSeq: number): Page {
  const text = lines.join('\n');
  return { text: text.length < MOVED_UNITS ? text : new TextEncoder().encode(text), count: lines.length, lastSeq };
}

/** The memory of a page that can be moved to another thread. */
export function movable({ text }: Page): ArrayBuffer[] {
  return typeof text === 'string' ? [] : [text.buffer as ArrayBuffer];
}
