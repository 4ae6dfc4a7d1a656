import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_FIELDS, SERVER_FIELDS } from '../src/index.js';
import { isKnownField, nearestField, withinEdits } from '../src/task-fields.js';

describe('withinEdits', () => {
  it.each([
    ['', '', 0],
    ['a', '', 1],
    ['kitten', 'sitting', 3],
    ['retry', 'retry', 0],
    ['retry', 'retries', 3],
    ['timeout', 'time_out', 1],
    ['dependson', 'depends_on', 1],
    ['params', 'parmas', 2],
  ])('%s and %s are %i apart', (a, b, distance) => {
    for (let limit = 0; limit < 5; limit += 1) expect(withinEdits(a, b, limit)).toBe(distance <= limit);
  });

  it('is the same both ways, and one edit is within one', () => {
    const name = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(
        name,
        name,
        fc.nat({ max: 4 }),
        (a, b, limit) => withinEdits(a, b, limit) === withinEdits(b, a, limit),
      ),
    );
    fc.assert(fc.property(name, fc.nat(), (a, at) => withinEdits(a, `${a.slice(0, at)}x${a.slice(at)}`, 1)));
    fc.assert(fc.property(name, fc.nat(), (a, at) => withinEdits(a, a.slice(0, at) + a.slice(at + 1), 1)));
  });
});

describe('fields', () => {
  it('of clients and of the server are known, and no field is both', () => {
    const all = [...CLIENT_FIELDS, ...SERVER_FIELDS];
    expect(new Set(all).size).toBe(22);
    for (const name of all) expect(isKnownField(name)).toBe(true);
    for (const name of ['__proto__', 'constructor', '', 'ID']) expect(isKnownField(name)).toBe(false);
  });

  it('nearestField names a known field at most two edits away', () => {
    expect(nearestField('tmeout')).toBe('timeout');
    expect(nearestField('creation')).toBeUndefined();
    expect(nearestField('x'.repeat(1_000_000))).toBeUndefined();
  });
});
