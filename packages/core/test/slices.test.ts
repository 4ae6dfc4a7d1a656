import { expect, it } from 'vitest';
import { ExecGoError, runSliced, type Sliced } from '../src/index.js';

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
