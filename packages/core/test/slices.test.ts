import { describe, expect, it } from 'vitest';
import { ExecGoError, inTurns, runSliced, type Sliced, systemClock } from '../src/index.js';

it('runSliced gives what the work returns, over all of its slices', () => {
  function* sum(): Sliced<number> {
    let total = 0;
    for (let slice = 0; slice < 5; slice += 1) {
      total += slice;
      yield;
    }
    return total;
  }
  expect(runSliced(sum())).toBe(10);
});

it('runSliced throws what the work throws', () => {
  function* fail(): Sliced<void> {
    yield;
    throw new ExecGoError('invalid_input', 'no');
  }
  expect(() => runSliced(fail())).toThrow('no');
});

describe('inTurns', () => {
  function* slices(count: number, onSlice: () => void): Sliced<string> {
    for (let slice = 0; slice < count; slice += 1) {
      if (slice > 0) yield;
      onSlice();
    }
    return 'done';
  }

  it('does work of one slice at once', () => {
    expect(
      inTurns(
        systemClock,
        slices(1, () => undefined),
      ),
    ).toBe('done');
  });

  it('lets the event loop turn between two slices', async () => {
    const seen: string[] = [];
    const turn = (fn: () => void) =>
      systemClock.turn(() => {
        seen.push('turn');
        fn();
      });
    expect(
      await inTurns(
        { turn },
        slices(3, () => seen.push('slice')),
      ),
    ).toBe('done');
    expect(seen).toEqual(['slice', 'turn', 'slice', 'turn', 'slice']);
  });
});
