import { ExecGoError } from '@execgo/core';
import { jsonValue } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failed, succeeded, toRuntimeError } from '../src/outcome.js';

const LIMITS = { maxBytes: 4096, maxDepth: 8 };

describe('the outcome of an attempt', () => {
  it('a result is kept as plain JSON, once', () => {
    const result = { when: new Date(0), none: undefined, nan: Number.NaN };
    expect(succeeded(result, LIMITS)).toEqual({ ok: true, result: { when: '1970-01-01T00:00:00.000Z', nan: null } });
    expect(succeeded(undefined, LIMITS)).toEqual({ ok: true, result: undefined });
  });

  it('any JSON value is kept unchanged', () => {
    const limits = { maxBytes: 2 ** 30, maxDepth: 64 };
    fc.assert(
      fc.property(jsonValue(), (value) => {
        expect(succeeded(value, limits)).toEqual({ ok: true, result: value });
      }),
    );
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const deep = JSON.parse('['.repeat(9) + ']'.repeat(9)) as unknown;
  it.each([
    ['a BigInt', { n: 1n }, 'internal'],
    ['a cycle', cycle, 'internal'],
    ['more than the limit', 'x'.repeat(5000), 'resource_limit_exceeded'],
    ['what is nested too deep', deep, 'resource_limit_exceeded'],
  ])('%s as a result is a failure: the store never meets what it cannot encode', (_, value, code) => {
    const outcome = succeeded(value, LIMITS);
    expect(outcome).toMatchObject({ ok: false, error: { code } });
  });

  it('a result whose toJSON throws is a failure', () => {
    const outcome = succeeded({ toJSON: () => JSON.parse('{') as unknown }, LIMITS);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  it('what a failed attempt leaves is kept where it can be, and marked where it cannot', () => {
    const error = new ExecGoError('exit_nonzero', 'no', { details: { result: 'x'.repeat(5000), details: { pid: 1 } } });
    expect(failed(error, LIMITS)).toMatchObject({
      ok: false,
      error,
      result: { omitted: 'the value is larger than 4096 bytes' },
      details: { pid: 1 },
    });
  });

  it('anything that is thrown becomes internal', () => {
    expect(failed('text', LIMITS)).toMatchObject({ error: { code: 'internal', message: 'text', retryable: false } });
    expect(failed(undefined, LIMITS)).toMatchObject({ error: { code: 'internal', message: 'undefined' } });
  });

  it.each([
    ['too_large', false, 'internal'],
    ['unavailable', true, 'external_failure'],
    ['conflict', true, 'external_failure'],
    ['exit_nonzero', false, 'exit_nonzero'],
  ] as const)('the code %s (retryable: %s) is told as %s', (code, retryable, told) => {
    expect(toRuntimeError(new ExecGoError(code, 'x', { retryable }), LIMITS).code).toBe(told);
  });

  it('the output of an error is not repeated in its details', () => {
    const error = new ExecGoError('denied', 'x', { details: { result: 1, details: 2 } });
    expect(toRuntimeError(error, LIMITS)).toEqual({ code: 'denied', message: 'x' });
  });
});
