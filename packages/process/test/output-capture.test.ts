import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputCapture } from '../src/index.js';

function capture(chunks: readonly (string | Uint8Array)[], keepBytes?: number) {
  const output = new OutputCapture(keepBytes);
  for (const chunk of chunks) output.append(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return output.captured();
}

describe('captured output', () => {
  it('is complete up to its limit, however it is cut into chunks', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 400 }), (parts, keep) => {
        const whole = Buffer.from(parts.join(''));
        const result = capture(
          parts.map((part) => Buffer.from(part)),
          keep,
        );
        const kept = 2 * Math.ceil(keep / 2);
        expect(result.bytes).toBe(Buffer.concat(parts.map((part) => Buffer.from(part))).length);
        if (whole.length > kept) expect(result.truncated).toBe(true);
      }),
    );
  });

  it('is head and tail beyond it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ min: 97, max: 122, maxLength: 500 }),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 60 }).map((half) => 2 * half),
        (bytes, cuts, keep) => {
          const output = new OutputCapture(keep);
          let at = 0;
          for (const cut of [...cuts, bytes.length]) {
            output.append(bytes.subarray(at, at + cut));
            at = Math.min(bytes.length, at + cut);
          }
          const { text, truncated } = output.captured();
          const all = Buffer.from(bytes).toString();
          const half = keep / 2;
          const expected = `${all.slice(0, half)}\n… ${all.length - keep} bytes left out …\n${all.slice(-half)}`;
          expect(truncated).toBe(all.length > keep);
          expect(text).toBe(all.length > keep ? expected : all);
        },
      ),
    );
  });

  it('does not cut characters in two', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 50, maxLength: 200 }),
        fc.integer({ min: 8, max: 90 }),
        (text, keep) => {
          // It is a character like others.
          fc.pre(!text.includes('\ufffd'));
          expect(capture([text], keep).text).not.toContain('\ufffd');
        },
      ),
    );
  });

  it('stays within its limit when it is not text', () => {
    const { text, truncated } = capture([new Uint8Array(1000).fill(0xff)], 1000);
    expect(Buffer.byteLength(text)).toBeLessThan(1100);
    expect(truncated).toBe(true);
    expect(capture([new Uint8Array(5000).fill(0xff)], 1000).text).toContain('4000 bytes left out');
  });

  it('does not keep the caller’s memory', () => {
    const output = new OutputCapture();
    const chunk = Buffer.from('before');
    output.append(chunk);
    chunk.fill('x');
    expect(output.captured().text).toBe('before');
  });
});
