import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32, hex32, tableCrc32 } from '../src/crc32.js';

it('is the CRC-32 of its catalogue entry: "123456789" gives cbf43926', () => {
  expect(hex32(tableCrc32(Buffer.from('123456789')))).toBe('cbf43926');
  expect(hex32(crc32(Buffer.from('123456789')))).toBe('cbf43926');
});

it('table and native function agree, in one go and in two', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(), (bytes, cut) => {
      const at = bytes.length === 0 ? 0 : cut % bytes.length;
      const whole = tableCrc32(bytes);
      expect(crc32(bytes)).toBe(whole);
      expect(tableCrc32(bytes.subarray(at), tableCrc32(bytes.subarray(0, at)))).toBe(whole);
      expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(whole);
    }),
  );
});
