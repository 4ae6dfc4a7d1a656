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

  it('agrees with the textbook (Wagner and Fischer, 1974)', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 8 });
    fc.assert(
      fc.property(
        name,
        name,
        fc.nat({ max: 3 }),
        (a, b, limit) => withinEdits(a, b, limit) === editsBetween(a, b) <= limit,
      ),
      { numRuns: 2_000 },
    );
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

function editsBetween(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, unit] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (previous[column] ?? 0) + (unit === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
