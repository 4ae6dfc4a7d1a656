import { nextTurn } from '@execgo/core';
import type { Page } from './page.js';

/** Bytes that are decoded in one turn of the event loop. */
const SLICE_BYTES = 32 * 1024;
const LINE_FEED = 10;

/** The lines of a page, with turns of the event loop between slices of them. */
export async function* linesOf({ text, count }: Page): AsyncGenerator<readonly string[]> {
  if (count === 0) return;
  if (typeof text === 'string') {
    yield text.split('\n');
    return;
  }
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, Math.min(from + SLICE_BYTES, bytes.length));
    const until = end === -1 ? bytes.length : end;
    if (from > 0) await nextTurn();
    yield bytes.toString('utf8', from, until).split('\n');
    from = until + 1;
  }
}

/** What each line of a page holds, read in slices. */
export async function readLines<T>(page: Page, read: (line: string) => T): Promise<T[]> {
  const items: T[] = [];
  for await (const lines of linesOf(page)) for (const line of lines) items.push(read(line));
  return items;
}
