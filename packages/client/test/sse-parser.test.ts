import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseParser } from '../src/sse-parser.js';

const parse = (...chunks: readonly string[]) => {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => [...parser.push(chunk)]);
};

describe('event streams', () => {
  it.each<[string, string, unknown[]]>([
    ['a whole event', 'id: 7\nevent: x\ndata: {}\n\n', [{ id: '7', event: 'x', data: '{}' }]],
    ['data of several lines', 'data: a\ndata:b\ndata\n\n', [{ id: undefined, event: undefined, data: 'a\nb\n' }]],
    ['an id alone', ': from here on\nid: 41\n\n', [{ id: '41', event: undefined, data: undefined }]],
    ['comments and empty blocks are nothing', ': heartbeat\n\n\n\nevent: x\n\n', []],
    ['what is cut short is nothing', 'data: {}\n', []],
    ['every kind of line end', 'data: a\r\n\r\ndata: b\r\rdata: c\n\n', ['a', 'b', 'c'].map((data) => ({ data }))],
    ['unknown fields and colons in values', 'retry: 9\nx: y\ndata: a:b\n\n', [{ data: 'a:b' }]],
    ['an id with NUL counts for nothing', 'id: a\0b\ndata: x\n\n', [{ id: undefined, data: 'x' }]],
  ])('%s', (_what, text, expected) => {
    const found = parse(text);
    expect(found).toHaveLength(expected.length);
    expect(found).toMatchObject(expected as object[]);
  });

  it('are the same however they are cut into pieces', () => {
    const line = fc.constantFrom('data: a', 'id: 1', 'event: e', ': c', 'data', '', '', 'data:  two', 'id');
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const stream = fc.array(
      fc.tuple(line, end).map(([text, mark]) => text + mark),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(40), { maxLength: 10 }), (lines, places) => {
        const text = lines.join('');
        const cuts = [0, ...places.map((place) => Math.min(place, text.length)), text.length].sort((a, b) => a - b);
        const pieces = cuts.slice(1).map((cut, at) => text.slice(cuts[at], cut));
        expect(parse(...pieces)).toEqual(parse(text));
      }),
      { numRuns: 500 },
    );
  });
});
