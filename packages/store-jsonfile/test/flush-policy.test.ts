import { expect, it } from 'vitest';
import { FlushPolicy } from '../src/flush-policy.js';

const SMALL_BATCH = 1000;

function asyncInARow(policy: FlushPolicy): number {
  let count = 0;
  while (!policy.maySync(SMALL_BATCH)) count += 1;
  return count;
}

it('flushes within the turn while the disk is quick, and never a batch of 64 KiB', () => {
  const policy = new FlushPolicy();
  for (let flush = 0; flush < 50; flush += 1) {
    expect(policy.maySync(SMALL_BATCH)).toBe(true);
    policy.took(0.2);
  }
  expect(policy.maySync(64 * 1024)).toBe(false);
  expect(policy.maySync(64 * 1024 - 1)).toBe(true);
});

it('sends the next 100 to the pool after one of more than 5 ms, then tries again', () => {
  const policy = new FlushPolicy();
  policy.took(0.2);
  policy.took(5.1);
  expect(asyncInARow(policy)).toBe(100);
});

it('goes to the pool when the median reaches half a millisecond, whatever a single one takes', () => {
  const policy = new FlushPolicy();
  for (const ms of [0.2, 0.2, 0.2, 3, 0.2]) policy.took(ms);
  expect(policy.maySync(SMALL_BATCH)).toBe(true);
  for (const ms of [0.6, 0.6]) policy.took(ms);
  expect(policy.maySync(SMALL_BATCH)).toBe(true);
  policy.took(0.6);
  expect(policy.maySync(SMALL_BATCH)).toBe(false);
});

it('tries less and less often on a disk that stays slow, and forgets that once it is quick', () => {
  const policy = new FlushPolicy();
  const waits = [10, 10, 10].map((ms) => {
    policy.took(ms);
    return asyncInARow(policy);
  });
  expect(waits).toEqual([100, 200, 400]);
  for (let flush = 0; flush < 9; flush += 1) policy.took(0.1);
  policy.took(10);
  expect(asyncInARow(policy)).toBe(100);
});
