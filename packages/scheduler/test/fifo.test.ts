import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../src/fifo.js';

describe('Fifo', () => {
  it('behaves as an array with push and shift, whatever the order of the calls', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant('push') },
      { weight: 2, arbitrary: fc.constant('shift') },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600, size: 'max' }), fc.boolean(), (steps, withFirst) => {
        const model: number[] = withFirst ? [-1] : [];
        const fifo = new Fifo<number>(withFirst ? -1 : undefined);
        for (const [at, step] of steps.entries()) {
          if (step === 'push') {
            model.push(at);
            fifo.push(at);
          } else {
            const expected = model.shift();
            const shifted = fifo.shift();
            if (shifted !== expected) expect(shifted).toBe(expected);
          }
          if (fifo.length !== model.length || fifo.peek() !== model[0])
            expect([fifo.length, fifo.peek()]).toEqual([model.length, model[0]]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives back the memory of what was taken', () => {
    const fifo = new Fifo<number>();
    for (let at = 0; at < 1000; at += 1) fifo.push(at);
    for (let at = 0; at < 1000; at += 1) fifo.shift();
    // It moves its items up in steps of 64 places.
    expect((fifo as unknown as { items: unknown[] }).items.length).toBeLessThan(64);
  });

  it('costs the same for each item at any length', () => {
    const time = (length: number) => {
      const fifo = new Fifo<number>();
      const start = performance.now();
      for (let at = 0; at < length; at += 1) fifo.push(at);
      for (let at = 0; at < length; at += 1) fifo.shift();
      return (performance.now() - start) / length;
    };
    time(50_000);
    const best = (length: number) => Math.min(...[1, 2, 3, 4, 5].map(() => time(length)));
    // A shift that moves everything would make it thousands of times; the slack is for a busy machine.
    expect(best(500_000)).toBeLessThan(20 * best(50_000) + 0.0002);
  });
});
