import { spec } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { ExecGoError, mayRetry, RUN_ERROR_CODES, retryDelayMs } from '../src/index.js';

describe('attempt n ≥ 2 waits min(100 ms · 2^(n−2), 10 s)', () => {
  it.each([
    [2, 100],
    [3, 200],
    [4, 400],
    [5, 800],
    [6, 1_600],
    [7, 3_200],
    [8, 6_400],
    [9, 10_000],
    [10, 10_000],
    [1_001, 10_000],
    [5_000, 10_000],
  ])('attempt %i waits %i ms', (attempt, ms) => {
    expect(retryDelayMs(attempt)).toBe(ms);
  });
});

describe('attempts = max(0, retry) + 1', () => {
  it.each([0, 1, 3, 1_000])('with retry %i', (retry) => {
    const error = new ExecGoError('external_failure', 'no');
    let attempt = 1;
    while (mayRetry(spec({ retry }), attempt, error)) attempt += 1;
    expect(attempt).toBe(retry + 1);
  });
});

it('an error that is final is never retried: its effect may have happened', () => {
  const error = new ExecGoError('timeout', 'no', { final: true });
  expect(mayRetry(spec({ retry: 5 }), 1, error)).toBe(false);
});

describe('invalid_input, denied, cancelled and a missing tool or handle are never retried', () => {
  const never = ['invalid_input', 'denied', 'cancelled', 'not_found'];
  it.each(RUN_ERROR_CODES)('%s', (code) => {
    expect(mayRetry(spec({ retry: 5 }), 1, new ExecGoError(code, 'no'))).toBe(!never.includes(code));
  });
});
