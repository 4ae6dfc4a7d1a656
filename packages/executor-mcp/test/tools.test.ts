import { until } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { fixture } from './support/servers.js';
import { sharedExecutor, useExecutor } from './support/use-executor.js';

describe('the list of tools', () => {
  it('has names server.tool, descriptions, schemas and annotations', async () => {
    const { executor } = await useExecutor({ servers: { one: fixture(), two: fixture({ extraTools: 1 }) } });
    const tools = await executor.tools();
    expect(tools.find(({ name }) => name === 'one.add')).toEqual({
      name: 'one.add',
      description: 'Adds.',
      input_schema: {
        type: 'object',
        properties: { a: { type: 'number' }, b: { type: 'number' } },
        required: ['a', 'b'],
        additionalProperties: false,
      },
      annotations: { read_only: true, destructive: false, idempotent: true, open_world: false },
    });
    expect(tools.find(({ name }) => name === 'one.echo')).not.toHaveProperty('annotations');
    expect(tools.find(({ name }) => name === 'two.tool-0')?.description).toMatch(/tool-0/);
  });

  it('is read page by page to its end', async () => {
    const { toolNames } = await useExecutor({ servers: { one: fixture({ extraTools: 100, pageSize: 7 }) } });
    const names = await toolNames();
    expect(names.filter((name) => name.startsWith('one.tool-'))).toHaveLength(100);
  });

  it('a list that does not end is given up; the tools can be called all the same', async () => {
    const { toolNames, call, check } = await useExecutor({ servers: { one: fixture({ endlessList: true }) } });
    expect(await toolNames()).toEqual([]);
    await check({ tool_name: 'one.echo', input: { text: 'x' } });
    expect((await call('one.echo', { text: 'x' })).text).toBe('x');
  });

  it('all its pages have connectTimeoutMs together', async () => {
    const slow = fixture({ endlessList: true, pageDelayMs: 100 }, { connectTimeoutMs: 5_000 });
    const { toolNames, call } = await useExecutor({ servers: { one: slow } });
    await call('one.echo', { text: 'warm' });
    const start = performance.now();
    expect(await toolNames()).toEqual([]);
    expect(performance.now() - start).toBeLessThan(50_000);
  });

  it('is new after list_changed', async () => {
    const { toolNames, call, check } = await useExecutor({ servers: { one: fixture() } });
    expect(await toolNames()).not.toContain('one.fresh');
    await expect(check({ tool_name: 'one.fresh' })).rejects.toMatchObject({ code: 'not_found' });
    await call('one.grow', { name: 'fresh' });
    expect(await toolNames()).toContain('one.fresh');
    await check({ tool_name: 'one.fresh' });
  });

  it('is new after a reconnect', async () => {
    const { toolNames, call, failure } = await useExecutor({ servers: { one: fixture() } });
    await call('one.grow', { name: 'fresh' });
    expect(await toolNames()).toContain('one.fresh');
    await failure('one.die');
    await call('one.echo', { text: 'again' });
    expect(await toolNames()).not.toContain('one.fresh');
  });

  it('of a server that is down is the last known, and the others are there', async () => {
    const settings = { restart: { maxAttempts: 1, baseMs: 10, maxMs: 60_000 } };
    const { toolNames, executor } = await useExecutor({
      servers: { one: fixture({ exitCode: 1 }, settings), two: fixture() },
    });
    const names = await toolNames();
    expect(names).toContain('two.echo');
    expect(names.some((name) => name.startsWith('one.'))).toBe(false);
    await expect(executor.health?.()).rejects.toMatchObject({ message: expect.stringContaining('one') });
  });
});

describe('allowTools and denyTools', () => {
  const settings = { allowTools: ['e*', 'fail'], denyTools: ['environment'] };

  it('hold for the list, for checks and for calls', async () => {
    const { toolNames, check, failure, call } = await useExecutor({ servers: { one: fixture({}, settings) } });
    expect(await toolNames()).toEqual(['one.echo', 'one.fail']);
    for (const tool of ['one.environment', 'one.add']) {
      await expect(check({ tool_name: tool })).rejects.toMatchObject({ code: 'denied' });
      expect(await failure(tool)).toMatchObject({ code: 'denied' });
    }
    expect((await call('one.echo', { text: 'x' })).text).toBe('x');
  });
});

const one = sharedExecutor(() => ({ servers: { one: fixture() } }));

describe('check', () => {
  const refusals: readonly (readonly [string, object, string, string])[] = [
    ['no tool', {}, 'invalid_input', 'tool_name'],
    ['no server.tool', { tool_name: 'echo' }, 'not_found', 'server.tool'],
    ['unknown server', { tool_name: 'three.echo' }, 'not_found', 'available: one'],
    ['unknown tool', { tool_name: 'one.teleport' }, 'not_found', 'echo'],
    ['wrong type', { tool_name: 'one.echo', input: { text: 5 } }, 'invalid_input', 'input.text'],
    ['wrong type in params', { tool_name: 'one.echo', params: { text: 5 } }, 'invalid_input', 'params.text'],
    ['missing', { tool_name: 'one.echo', input: {} }, 'invalid_input', 'input.text: is required'],
    ['unknown argument', { tool_name: 'one.add', input: { a: 1, b: 2, c: 3 } }, 'invalid_input', 'input.c'],
    ['no object', { tool_name: 'one.echo', input: [1] }, 'invalid_input', 'input'],
    [
      'in {server, tool, arguments}',
      { input: { server: 'one', tool: 'echo', arguments: { text: 5 } } },
      'invalid_input',
      'input.arguments.text',
    ],
    ['a server that is no name', { input: { server: 1, tool: 'echo' } }, 'invalid_input', 'input.server'],
  ];

  it('refuses what would fail, naming the field', async () => {
    const { check } = await one();
    for (const [name, task, code, mentions] of refusals) {
      await expect(check(task), name).rejects.toMatchObject({ code, message: expect.stringContaining(mentions) });
    }
  });

  it('skips what a reference will fill, and checks the rest', async () => {
    const { check } = await one();
    const reference = { $from: 'earlier', pointer: '/text' };
    await check({ tool_name: 'one.echo', input: { text: reference } });
    await check({ tool_name: 'one.echo', input: { text: { deep: [reference] } } });
    await check({ tool_name: 'one.echo', input: { $from: 'earlier' } });
    await check({ input: { server: 'one', tool: 'echo', arguments: reference } });
    await check({ input: { server: reference, tool: 'echo' } });
    await check({ tool_name: 'one.add', input: { a: reference, b: 2 } });
    await expect(check({ tool_name: 'one.add', input: { a: reference, b: 'two' } })).rejects.toMatchObject({
      message: expect.stringContaining('input.b'),
    });
    await expect(check({ tool_name: 'one.add', input: { a: reference } })).rejects.toMatchObject({
      message: expect.stringContaining('input.b: is required'),
    });
  });

  it('does not refuse a task because its server cannot be reached', async () => {
    const { check, notes } = await useExecutor({ servers: { one: fixture({ exitCode: 1 }) } });
    await check({ tool_name: 'one.anything', input: { any: 'thing' } });
    await until(() => notes.length > 0);
  });
});
