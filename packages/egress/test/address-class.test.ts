import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classifyAddress } from '../src/index.js';

it('lets public addresses be', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
    expect(classifyAddress(address)).toBe('public');
  }
});

it('no address is more open inside IPv6 than by itself', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(octet, octet, octet, octet, (a, b, c, d) => {
      const plain = `${a}.${b}.${c}.${d}`;
      const hex = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(':');
      expect(classifyAddress(`::ffff:${plain}`)).toBe(classifyAddress(plain));
      if (classifyAddress(plain) !== 'metadata') return;
      for (const wrapped of [`::${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`, `2001:0:${hex}::`]) {
        expect(classifyAddress(wrapped)).toBe('metadata');
      }
    }),
  );
});
