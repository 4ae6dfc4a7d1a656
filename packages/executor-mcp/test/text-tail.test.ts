import { describe, expect, it } from 'vitest';
import { TextTail } from '../src/transport/text-tail.js';

function tailOf(maxBytes: number, chunks: readonly string[]): string {
  const tail = new TextTail(maxBytes);
  for (const chunk of chunks) tail.push(Buffer.from(chunk));
  return tail.toString();
}

describe('the tail of a text', () => {
  it('is the whole of a short one', () => {
    expect(tailOf(20, ['one line', '\nand half'])).toBe('one line\nand half');
    expect(tailOf(4, ['four'])).toBe('four');
  });

  it.each([
    [['a line with a secret\n', 'the end']],
    [['a line with a secret\nthe end']],
    [[...'a line with a secret\nthe end']],
  ])('begins with a whole line where something was dropped: %j', (chunks) => {
    expect(tailOf(14, chunks)).toBe('the end');
  });

  it('is nothing of a line that is too long', () => {
    expect(tailOf(6, ['a line with a secret'])).toBe('');
  });
});
