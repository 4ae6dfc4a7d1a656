import type { Json } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { useBench } from './support/executor.js';

const under = useBench();
const REF = { $from: 'dep', pointer: '/x' };

describe('input is checked at submit, naming the field', () => {
  it.each<[string, Json, string]>([
    ['shell', {}, 'input: command or script is required'],
    ['shell', { command: '' }, 'input.command: must not be empty'],
    ['shell', { command: ['ls'] }, 'input.command: expected a string, got an array'],
    ['shell', { command: 'ls', args: 'x' }, 'input.args: expected an array of strings, got "x"'],
    ['shell', { command: 'ls', args: ['a', 5] }, 'input.args[1]: expected a string, got 5'],
    ['shell', { command: 'ls', args: ['a\0b'] }, 'input.args[0]: must not hold a NUL character'],
    ['shell', { command: 'ls', args: ['x'.repeat(131_072)] }, 'input.args[0]: must not exceed 131071 bytes'],
    ['shell', { command: 'ls', env: ['A=B'] }, 'input.env: expected an object with string values, got an array'],
    ['shell', { command: 'ls', env: { A: 1 } }, 'input.env: expected an object with string values'],
    ['shell', { command: 'ls', env: { 'A=B': 'x' } }, 'cannot be the name of an environment variable'],
    ['shell', { command: 'ls', stdin: 7 }, 'input.stdin: expected a string, got 7'],
    ['shell', { command: 'ls', dir: {} }, 'input.dir: expected a string, got an object'],
    [
      'shell',
      { command: 'ls', limits: { wall_time_ms: 0 } },
      'input.limits.wall_time_ms: expected a positive integer, got 0',
    ],
    ['shell', { command: 'ls', limits: { pids_max: 1.5 } }, 'input.limits.pids_max: expected a positive integer'],
    ['shell', { command: 'ls', sandbox: { network: 'no' } }, 'input.sandbox.network: expected true or false, got "no"'],
    ['file', { path: 'x' }, 'input.action: is required'],
    [
      'file',
      { action: 'chmod', path: 'x' },
      'input.action: expected one of read, write, append, delete, stat, list, got "chmod"',
    ],
    ['file', { action: 'read' }, 'input.path: is required'],
    ['file', { action: 'write', path: 'x', content: 'x!', encoding: 'base64' }, 'input.content: expected base64'],
    ['file', { action: 'write', path: 'x', content: 5 }, 'input.content: expected a string, got 5'],
    ['http', {}, 'input.url: is required'],
    ['http', { url: 'not a url' }, 'input.url: expected a URL, got "not a url"'],
    ['http', { url: 'file:///etc/passwd' }, 'input.url: expected http or https, got file:'],
    ['http', { url: 'http://8.8.8.8', method: 'GET /x' }, 'input.method: expected a method'],
    ['http', { url: 'http://8.8.8.8', method: 'connect' }, 'input.method: expected a method'],
    ['http', { url: 'http://8.8.8.8', headers: { 'a b': 'x' } }, 'input.headers: "a b" cannot be set'],
    ['http', { url: 'http://8.8.8.8', headers: { 'Transfer-Encoding': 'chunked' } }, 'cannot be set'],
    ['http', { url: 'http://8.8.8.8', headers: { a: 'x\r\nb: y' } }, 'input.headers.a: expected a value on one line'],
    ['dns', {}, 'input.name: is required'],
    ['dns', { name: 'x y' }, 'input.name: expected a host name'],
    ['dns', { name: 'x', record: 'mx' }, 'input.record: expected one of ip, txt, cname, got "mx"'],
    ['tcp', { address: 'localhost' }, 'input.address: expected host:port'],
    ['tcp', { address: 'localhost:70000' }, 'input.address: expected host:port'],
    ['tcp', { address: '8.8.8.8:1', timeout_ms: 60_001 }, 'input.timeout_ms: expected an integer from 1 to 60000'],
    ['sleep', {}, 'input.duration_ms: is required'],
    ['sleep', { duration_ms: 600_001 }, 'input.duration_ms: expected an integer from 0 to 600000, got 600001'],
    ['sleep', { duration_ms: -1 }, 'input.duration_ms: expected an integer from 0 to 600000, got -1'],
    ['sleep', { duration_ms: '5' }, 'input.duration_ms: expected an integer from 0 to 600000, got "5"'],
    ['noop', { message: 5 }, 'input.message: expected a string, got 5'],
    ['noop', 'text', 'input: '],
  ])('%s %j', async (tool, input, message) => {
    const error = await under.bench.check(tool, input);
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
    expect((error as Error).message).toMatch(/^task "a": /);
  });

  it.each<[string, Json]>([
    ['shell', { command: 'echo', note: 'why', args: null, env: null, limits: { wall_time_ms: null }, dir: null }],
    ['file', { action: 'stat', path: '.', description: { deep: [1] } }],
    ['noop', { message: null, extra: 1 }],
    ['noop', null as unknown as Json],
    ['sleep', { duration_ms: 0, reason: 'x' }],
    ['sleep', JSON.parse('{"duration_ms": 0, "__proto__": {"x": 1}, "constructor": 1}') as Json],
  ])('unknown keys are ignored and null is absent: %s %j', async (tool, input) => {
    expect(await under.bench.check(tool, input)).toBeUndefined();
    await under.bench.run(tool, input);
  });
});

describe('what a reference will fill is skipped, at any depth', () => {
  it.each<[string, Json]>([
    ['shell', REF],
    ['shell', { command: REF }],
    ['shell', { script: REF }],
    ['shell', { command: 'echo', args: [REF, 'x'] }],
    ['shell', { command: 'echo', args: REF, env: { A: REF }, limits: { wall_time_ms: REF }, dir: REF, stdin: REF }],
    ['file', { action: REF, path: 'x', content: REF }],
    ['file', { action: 'write', path: REF, content: 'eA==', encoding: 'base64' }],
    ['http', { url: REF, headers: { authorization: REF } }],
    ['sleep', { duration_ms: REF }],
    ['noop', { message: REF }],
    ['dns', { name: REF }],
    ['tcp', { address: REF }],
  ])('%s %j', async (tool, input) => {
    expect(await under.bench.check(tool, input)).toBeUndefined();
  });

  it.each<[string, Json, string]>([
    ['shell', { command: 'rm', args: [REF] }, 'not on the allowlist'],
    ['shell', { command: REF, args: [5] }, 'input.args[0]'],
    ['shell', { command: 'echo', args: [REF, 5] }, 'input.args[1]'],
    ['shell', { command: 'echo', stdin: REF, env: { A: 5 } }, 'input.env'],
    ['file', { action: 'write', path: REF, content: 'x', encoding: 'base64' }, 'input.content'],
    ['file', { action: 'write', path: '../x', content: REF }, '../x'],
    ['http', { url: 'http://169.254.169.254/', body: REF }, '169.254.169.254'],
  ])('and the rest is not: %s %j', async (tool, input, message) => {
    expect(await under.bench.check(tool, input)).toMatchObject({ message: expect.stringContaining(message) });
  });
});

it('its tools are described by the schemas that check them', async () => {
  const tools = await under.bench.executor.tools();
  expect(tools.map(({ name }) => name)).toEqual(['shell', 'file', 'http', 'dns', 'tcp', 'sleep', 'noop']);
  expect(tools.map(({ input_schema }) => input_schema)).toMatchSnapshot();
});
