import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from '../src/index.js';

const BASE = Date.UTC(2026, 10, 23, 7, 30, 15);

describe('RFC 3339: any offset and precision is read', () => {
  it.each([
    ['2026-11-23T07:30:15Z', 0],
    ['2026-11-23T07:30:15z', 0],
    ['2026-11-23t07:30:15Z', 0],
    ['2026-11-23 07:30:15Z', 0],
    ['2026-11-23T07:30:15+00:00', 0],
    ['2026-11-23T07:30:15-00:00', 0],
    ['2026-11-23T09:30:15+02:00', 0],
    ['2026-11-23T13:15:15+05:45', 0],
    ['2026-11-22T19:30:15-12:00', 0],
    ['2026-11-23T07:30:15.5Z', 500],
    ['2026-11-23T07:30:15.07Z', 70],
    ['2026-11-23T07:30:15.123Z', 123],
    ['2026-11-23T07:30:15.1239Z', 123],
    ['2026-11-23T07:30:15.999999999Z', 999],
    ['2026-11-23T09:30:15.123456789+02:00', 123],
    ['2026-11-23T07:30:15.00000000000000000001Z', 0],
  ])('%s', (text, ms) => {
    expect(parseTime(text)).toBe(BASE + ms);
  });

  it.each(['2024-02-29T00:00:00Z', '2000-02-29T00:00:00Z', '0004-02-29T00:00:00Z'])('the leap day %s', (text) => {
    expect(formatTime(parseTime(text) ?? 0)).toBe(text.replace('Z', '.000Z'));
  });

  it('the zero time of the first version', () => {
    const zero = parseTime('0001-01-01T00:00:00Z');
    expect(zero).toBe(-62_135_596_800_000);
    expect(formatTime(zero ?? 0)).toBe('0001-01-01T00:00:00.000Z');
  });

  it.each([
    '',
    'now',
    '2026-11-23',
    '2026-11-23T07:30:15',
    '2026-11-23T07:30Z',
    '2026-11-23T07:30:15.Z',
    '2026-13-01T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '0001-02-29T00:00:00Z',
    '2026-11-23T24:00:01Z',
    '2026-11-23T07:60:00Z',
    '2026-11-23T07:30:61Z',
    '2026-11-23T07:30:15+2:00',
    '2026-11-23T07:30:15+25:00',
    '+002026-11-23T07:30:15Z',
    ' 2026-11-23T07:30:15Z',
    '2026-11-23T07:30:15Z\n',
    'Mon, 23 Nov 2026 07:30:15 GMT',
  ])('%j is none', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});

describe('UTC milliseconds are written', () => {
  it('with three digits and a Z, always', () => {
    expect(formatTime(BASE)).toBe('2026-11-23T07:30:15.000Z');
    expect(formatTime(0)).toBe('1970-01-01T00:00:00.000Z');
  });

  it('what is written is read back, from the year 1 to the year 9999', () => {
    const range = { min: -62_135_596_800_000, max: 253_402_300_799_999 };
    fc.assert(fc.property(fc.integer(range), (ms) => parseTime(formatTime(ms)) === ms));
  });
});
