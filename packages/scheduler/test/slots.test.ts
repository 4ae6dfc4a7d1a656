import { describe, expect, it } from 'vitest';
import { Slots } from '../src/slots.js';

describe('Slots', () => {
  it('are free until the limit is reached, and again when one is given back', () => {
    const slots = new Slots(2, {});
    slots.take('os');
    expect(slots.isFree('os')).toBe(true);
    slots.take('mcp');
    expect(slots.full).toBe(true);
    expect(slots.isFree('os')).toBe(false);
    slots.release('mcp');
    expect(slots.isFree('os')).toBe(true);
    expect(slots.used).toBe(1);
  });

  it('keep a category to its own limit without holding up the others', () => {
    const slots = new Slots(10, { mcp: 1 });
    slots.take('mcp');
    expect(slots.isFree('mcp')).toBe(false);
    expect(slots.isFree('os')).toBe(true);
    slots.release('mcp');
    expect(slots.isFree('mcp')).toBe(true);
  });

  it('have no limit for a category that is named like a member of Object', () => {
    const slots = new Slots(10, {});
    slots.take('constructor');
    slots.take('toString');
    expect(slots.isFree('constructor')).toBe(true);
    expect(slots.isFree('__proto__')).toBe(true);
  });
});
