import { describe, expect, it } from 'vitest';
import { address, bytes, duration, seconds, toggle, toolPattern, wholeNumber } from '../src/settings/kinds.js';

describe('an address', () => {
  it.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['localhost:0', 'localhost', 0],
    [':9090', undefined, 9090],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::1]:8080', '::1', 8080],
    ['[::]:8080', '::', 8080],
    ['host.example:65535', 'host.example', 65_535],
  ])('%s', (text, host, port) => {
    expect(address.fromText(text, '')).toEqual({ host, port });
  });

  it.each(['', '8080', 'localhost', 'a:b', 'a:65536', '::1:8080', 'http://a:1', 'a:1/x', 'a b:1', 'user@a:1', 'a:-1'])(
    'is not %j',
    (text) => {
      expect(address.fromText(text, '')).toBeUndefined();
    },
  );
});

describe('a size', () => {
  it.each([
    ['1', 1],
    ['8388608', 8_388_608],
    ['8 MiB', 8_388_608],
    ['8mib', 8_388_608],
    ['0.5 GiB', 536_870_912],
    ['3B', 3],
    ['2KiB', 2048],
  ])('%s', (text, value) => {
    expect(bytes(1).fromText(text, '')).toBe(value);
    expect(bytes(1).fromJson(text, '')).toBe(value);
  });

  it.each(['', '0', '-1', '8 MB', '8 k', '1e3', 'MiB', '1 2', '99999999999 GiB'])('is not %j', (text) => {
    expect(bytes(1).fromText(text, '')).toBeUndefined();
  });

  it.each([0, 1.5, -1, Number.NaN, null, [], {}, true])('is not the JSON value %j', (value) => {
    expect(bytes(1).fromJson(value, '')).toBeUndefined();
  });
});

describe('a duration', () => {
  it.each([
    ['30d', 2_592_000_000],
    ['72h', 259_200_000],
    ['1h30m', 5_400_000],
    ['2w', 1_209_600_000],
    ['90s', 90_000],
    ['1m0s', 60_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1d2h3m4s5ms', 93_784_005],
  ])('%s', (text, ms) => {
    expect(duration(1).fromText(text, '')).toBe(ms);
    expect(duration(1).fromJson(text, '')).toBe(ms);
  });

  it.each(['', '0', '0s', '30', '-1h', '1 h', 'h', '1y', '1h30', '1hm', '1e3s', '30D', '9999999999999d', '0.1ms'])(
    'is not %j',
    (text) => {
      expect(duration(1).fromText(text, '')).toBeUndefined();
    },
  );

  it.each([0, 3600, null, [], {}, true])('is not the JSON value %j', (value) => {
    expect(duration(1).fromJson(value, '')).toBeUndefined();
  });
});

it.each(['', ' ', 'x', '1.5', '1e2', '0x10', '-1', '101', '+1', 'Infinity', 'NaN'])(
  '%j is no number up to 100',
  (text) => {
    expect(wholeNumber(0, 100).fromText(text, '')).toBeUndefined();
  },
);

it('seconds may have a fraction', () => {
  expect(seconds(10).fromText('0.25', '')).toBe(0.25);
  expect(seconds(10).fromText('11', '')).toBeUndefined();
});

it('a toggle takes true, false, 1 and 0', () => {
  const read = (text: string) => toggle.fromText(text, '');
  expect(['true', 'TRUE', '1', 'false', '0', 'yes', 'constructor'].map(read)).toEqual([
    true,
    true,
    true,
    false,
    false,
    undefined,
    undefined,
  ]);
});

it.each(['os__shell', 'os__*', '!os__?', 'a-b', '*'])('takes a pattern for tools: %j', (text) => {
  expect(toolPattern.fromText(text, '')).toBe(text);
});

it.each(['', '!', '!!a', 'os.shell', 'a b', 'a,b'])('no tool could match: %j', (text) => {
  expect(toolPattern.fromText(text, '')).toBeUndefined();
});
