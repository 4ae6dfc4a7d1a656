import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFramer, type OversizedLine } from '../src/transport/line-framer.js';

function frame(chunks: readonly Buffer[], maxBytes = 100) {
  const lines: string[] = [];
  const noise: number[] = [];
  const oversized: OversizedLine[] = [];
  const framer = new LineFramer(maxBytes, {
    onLine: (line) => lines.push(line),
    onNoise: (bytes) => noise.push(bytes),
    onOversized: (line) => oversized.push(line),
  });
  for (const chunk of chunks) framer.push(chunk);
  return { lines, noise, oversized };
}

describe('LineFramer', () => {
  it('cuts the same lines however the stream is cut', () => {
    const text = '{"a":1}\nnoise\n\n  {"ü":"€"}\r\n{"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}\n{"b":2}\nrest';
    const bytes = Buffer.from(text);
    const whole = frame([bytes], 30);
    expect(whole.lines).toEqual(['{"a":1}', '{"ü":"€"}', '{"b":2}']);
    expect(whole.noise).toEqual([5]);
    expect(whole.oversized).toHaveLength(1);
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (at) => {
        const ends = [...at, bytes.length].sort((a, b) => a - b);
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        expect(frame(chunks, 30)).toEqual(whole);
      }),
    );
  });

  it.each([
    ['before the result', (text: string) => `{"jsonrpc":"2.0","id":17,"result":{"text":"${text}"}}`],
    ['first', (text: string) => `{"id":17,"jsonrpc":"2.0","result":{"text":"${text}"}}`],
    ['last', (text: string) => `{"result":{"text":"${text}"},"jsonrpc":"2.0","id":17}`],
    ['before the version', (text: string) => `{"result":{"text":"${text}"},"id":17,"jsonrpc":"2.0"}`],
  ])('finds the id of an answer that is too long: %s', (_where, answer) => {
    const bytes = Buffer.from(`${answer('x'.repeat(1_000))}\n`);
    for (const size of [1, 7, 64, 5_000]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(frame(chunks).oversized).toEqual([{ bytes: bytes.length - 1, id: 17 }]);
    }
  });

  it('does not take an id out of the text of a message', () => {
    const [line] = frame([Buffer.from(`{"result":"\\"id\\":17}${'x'.repeat(200)}"}\n`)]).oversized;
    expect(line?.id).toBeUndefined();
  });
});
