import { describe, expect, it } from 'vitest';
import {
  API_ERROR_CODES,
  ConfigError,
  type ErrorCode,
  ExecGoError,
  errorMessage,
  isExecGoError,
  RUN_ERROR_CODES,
} from '../src/index.js';

describe('codes', () => {
  it('of a run are those of the wire contract, in its order', () => {
    expect(RUN_ERROR_CODES.join(' ')).toBe(
      'unknown invalid_input launch_failed timeout cancelled memory_limit_exceeded cpu_limit_exceeded ' +
        'resource_limit_exceeded sandbox_setup_failed exit_nonzero denied not_found external_failure internal',
    );
  });

  it('of the API are those of the wire contract, and gone', () => {
    expect(API_ERROR_CODES.join(' ')).toBe(
      'invalid_input unauthenticated denied not_found conflict gone too_large unsupported_media_type ' +
        'resource_exhausted internal unavailable',
    );
  });
});

describe('ExecGoError', () => {
  it('is an Error with code, message, source, details and cause', () => {
    const cause = new TypeError('deeper');
    const error = new ExecGoError('denied', 'not here', { source: 'os', details: { path: '/' }, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'ExecGoError', code: 'denied', message: 'not here', source: 'os' });
    expect(error.details).toEqual({ path: '/' });
    expect(error.cause).toBe(cause);
    expect(new ExecGoError('denied', 'x')).not.toHaveProperty('cause');
  });

  it.each([...new Set<ErrorCode>([...RUN_ERROR_CODES, ...API_ERROR_CODES])])(
    '%s is retryable only when time may cure it',
    (code) => {
      const curable = ['timeout', 'unavailable', 'resource_exhausted'];
      expect(new ExecGoError(code, 'x').retryable).toBe(curable.includes(code));
      expect(new ExecGoError(code, 'x', { retryable: true }).retryable).toBe(true);
      expect(new ExecGoError(code, 'x', { retryable: false }).retryable).toBe(false);
    },
  );
});

describe('isExecGoError', () => {
  it('recognises one by its brand, also from another copy of this package', () => {
    const foreign = Object.assign(new Error('x'), { code: 'denied', [Symbol.for('execgo.error')]: true });
    expect(isExecGoError(new ExecGoError('denied', 'x'))).toBe(true);
    expect(isExecGoError(foreign)).toBe(true);
    expect(isExecGoError(foreign, 'denied')).toBe(true);
  });

  it('tells codes apart', () => {
    expect(isExecGoError(new ExecGoError('denied', 'x'), 'denied')).toBe(true);
    expect(isExecGoError(new ExecGoError('denied', 'x'), 'conflict')).toBe(false);
  });

  it.each([[undefined], [null], ['text'], [new Error('x')], [{ code: 'denied', message: 'x' }], [() => {}]])(
    'takes %o for something else',
    (value) => {
      expect(isExecGoError(value)).toBe(false);
    },
  );
});

describe('ConfigError', () => {
  it.each([
    ['x', '"x"'],
    [undefined, 'undefined'],
    [null, 'null'],
    [[1], 'an array'],
    [{}, 'an object'],
    [-1, '-1'],
  ])('names the option, what was expected and what came: %o', (received, shown) => {
    const error = new ConfigError('maxConcurrency', 'an integer above 0', received);
    expect(error.message).toBe(`option maxConcurrency: expected an integer above 0, got ${shown}`);
    expect(error).toMatchObject({ name: 'ConfigError', code: 'invalid_input', details: { option: 'maxConcurrency' } });
    expect(isExecGoError(error, 'invalid_input')).toBe(true);
  });
});

it('errorMessage gives the text of anything that was thrown', () => {
  expect([new Error('no'), 'text', 7, null, undefined].map(errorMessage)).toEqual([
    'no',
    'text',
    '7',
    'null',
    'undefined',
  ]);
});
