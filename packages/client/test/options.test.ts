import { describe, expect, it } from 'vitest';
import { type ClientOptions, createClient, DEFAULT_RETRY, ExecGoOptionError } from '../src/index.js';
import { delayMs, retryAfterMs } from '../src/retry-policy.js';
import { rejection } from './support/quick.js';

describe('options', () => {
  it('the address defaults to this machine, and is shown without credentials and without a slash at the end', () => {
    expect(createClient().url).toBe('http://127.0.0.1:8080');
    expect(createClient({ url: 'https://u:p@example.org/execgo//' }).url).toBe('https://example.org/execgo');
  });

  it.each<[string, ClientOptions]>([
    ['url', { url: 'localhost:8080' }],
    ['url', { url: '' }],
    ['url', { url: 'ftp://example.org' }],
    ['url', { url: 'http://example.org/?a=1' }],
    ['token', { token: 'with space' }],
    ['token', { token: '' }],
    ['headers.X-Bad', { headers: { 'X-Bad': 'a\nb' } }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['idleTimeoutMs', { idleTimeoutMs: 2 ** 31 }],
    ['retry.attempts', { retry: { attempts: -1 } }],
    ['retry.baseDelayMs', { retry: { baseDelayMs: Number.NaN } }],
  ])('a bad %s is refused by name', (option, options) => {
    const make = () => createClient(options);
    expect(make).toThrow(ExecGoOptionError);
    expect(make).toThrow(`option ${option}: expected`);
  });

  it('no message shows a credential', () => {
    expect(() => createClient({ url: 'http//u:s3cret@example.org' })).not.toThrow('s3cret');
    expect(() => createClient({ token: 's3cret s3cret' })).not.toThrow('s3cret');
  });

  it('arguments that cannot be used are refused before anything is sent', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1', retry: false });
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const call of [
      client.submit({ tasks: [] }, { idempotencyKey: 'a b' }),
      client.submit({ tasks: [{ id: 'a', type: 'os', input: cycle }] }),
      client.wait('a', { timeoutMs: -1 }),
      client.watch({ taskId: 'a', graphId: 'g' })[Symbol.asyncIterator]().next(),
    ]) {
      expect(await rejection(call)).toBeInstanceOf(ExecGoOptionError);
    }
  });
});

describe('pauses between tries', () => {
  const delays = (random: number) => [1, 2, 3, 4, 5, 6, 50].map((n) => delayMs(n, undefined, DEFAULT_RETRY, random));

  it('double up to a limit, each shortened by chance by up to half', () => {
    expect(delays(0)).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    expect(delays(1)).toEqual([125, 250, 500, 1000, 2000, 2500, 2500]);
  });

  it.each([
    ['3', 3000],
    ['0', 0],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 9000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    [null, undefined],
  ])('Retry-After: %s', (header, ms) => {
    expect(retryAfterMs(header, 1000)).toBe(ms);
  });
});
