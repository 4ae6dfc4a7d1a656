import { expect, it } from 'vitest';
import { durationText } from '../src/terminal/duration-text.js';
import { PlainStream } from '../src/terminal/plain-stream.js';
import { plainLine, plainLines } from '../src/terminal/plain-text.js';
import { styleFor } from '../src/terminal/style.js';
import { textTable } from '../src/terminal/text-table.js';
import { cutToWidth, textWidth } from '../src/terminal/text-width.js';

it.each([
  ['plain', 5],
  ['漢字', 4],
  ['e\u0301', 1],
  ['👍', 2],
  ['ｆｕｌｌ', 8],
  ['', 0],
])('%j takes %i columns', (text, columns) => {
  expect(textWidth(text)).toBe(columns);
});

it('a text is cut between characters, and the cut shows', () => {
  expect(cutToWidth('abcdef', 6)).toBe('abcdef');
  expect(cutToWidth('abcdef', 4)).toBe('abc…');
  expect(cutToWidth('漢字漢字', 4)).toBe('漢…');
  expect(cutToWidth('abc', 0)).toBe('');
});

it('lines are safe on a terminal, and keep their indentation', () => {
  expect(plainLine('  a\tb\r\nc\u001b[31m!\u001b[0m ')).toBe('a b c!');
  expect(plainLines('one\r\n\ttwo\u0007\n\n')).toEqual(['one', '    two']);
  expect(plainLines('')).toEqual([]);
});

it('a stream is safe on a terminal wherever it is cut, and loses nothing else', () => {
  const bytes = Buffer.from(
    'one\r\n\u001b[1;31m漢\u001b[0m\ttwo\u001b]0;title\u0007\u009b2J\rthree\u202e\u0008\u001b[',
  );
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const stream = new PlainStream();
    const text = stream.take(bytes.subarray(0, cut)) + stream.take(bytes.subarray(cut)) + stream.end();
    expect({ cut, text }).toEqual({ cut, text: 'one\n漢\ttwo\nthree[' });
  }
});

it('a sequence without an end is not waited for longer than a line or so', () => {
  const stream = new PlainStream();
  expect(stream.take(Buffer.from(`\u001b]${'x'.repeat(5000)}`))).toContain('xxx');
});

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [3400, '3.4 s'],
  [125_000, '2m 5s'],
  [3_720_000, '1h 2m'],
])('%i ms are shown as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

it('there are colours on a terminal alone, and not with NO_COLOR or on a dumb one', () => {
  expect(styleFor(true, {})('red', 'x')).toBe('\u001b[31mx\u001b[0m');
  for (const style of [styleFor(false, {}), styleFor(true, { NO_COLOR: '1' }), styleFor(true, { TERM: 'dumb' })]) {
    expect(style('red', 'x')).toBe('x');
  }
  expect(styleFor(true, { NO_COLOR: '' })('red', 'x')).not.toBe('x');
});

it('a table fits the terminal, whatever its values hold', () => {
  const table = textTable(
    ['ID', 'WHAT'],
    [
      ['漢', 'line\nbreak'],
      ['second', 'x'.repeat(100)],
    ],
    30,
  );
  expect(table.split('\n')).toEqual(['ID      WHAT', '漢      line break', `second  ${'x'.repeat(21)}…`, '']);
});
