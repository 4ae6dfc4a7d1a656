import { INVALID_IDS, ODD_IDS } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { isValidId, MAX_ID_LENGTH } from '../src/index.js';

describe('an id has 1–256 characters, no control characters', () => {
  it(`${ODD_IDS.length} odd ids are ordinary strings`, () => {
    expect(ODD_IDS.length).toBeGreaterThanOrEqual(30);
    expect(ODD_IDS.filter((id) => !isValidId(id))).toEqual([]);
  });

  it.each(INVALID_IDS)('%j is refused', (id) => {
    expect(isValidId(id)).toBe(false);
  });

  it('characters are code points, not units', () => {
    expect(isValidId('😀'.repeat(MAX_ID_LENGTH))).toBe(true);
    expect(isValidId(`${'😀'.repeat(MAX_ID_LENGTH)}x`)).toBe(false);
  });

  it('every control character is refused, wherever it stands', () => {
    const codes = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, at) => 0x7f + at)];
    for (const code of codes) {
      const control = String.fromCharCode(code);
      for (const id of [control, `${control}a`, `a${control}`])
        expect(isValidId(id), `U+${code.toString(16)}`).toBe(false);
    }
    expect(isValidId('\u00a0')).toBe(true);
  });

  it('a text of any length is refused without trouble', () => {
    expect(isValidId('x'.repeat(10_000_000))).toBe(false);
  });
});
