import { randomUUID } from 'node:crypto';
import type { Executor } from '@execgo/core';
import { describeExecutor, type FakeRun, living } from '@execgo/testkit';
import { expect } from 'vitest';
import { createMcpExecutor } from '../src/index.js';
import { fixture } from './support/servers.js';
import { noted } from './support/use-executor.js';

/**
 * The suite opens every executor for one and the same store, and opening ends the children of a store: suites of other
 * packages that run at the same time would end these servers, so each gets a store of its own.
 */
function inOwnStore(): { readonly executor: Executor; dispose(): void } {
  const storeId = `store-${randomUUID()}`;
  const executor = createMcpExecutor({ servers: { one: fixture({}, { denyTools: ['environment'] }) } });
  const open = executor.open?.bind(executor);
  executor.open = async () => open?.({ storeId });
  return { executor, dispose: () => expect(living(storeId)).toEqual([]) };
}

describeExecutor('McpExecutor', {
  makeFixture: inOwnStore,
  category: 'mcp',
  succeeds: [
    { name: 'a tool', task: { tool_name: 'one.echo', input: { text: 'hi' } }, result: { text: 'hi', server: 'one' } },
    {
      name: '{server, tool, arguments}',
      task: { tool_name: undefined, input: { server: 'one', tool: 'add', arguments: { a: 1, b: 2 } } },
      result: { text: '3', structured_content: { sum: 3 } },
    },
    { name: 'params', task: { tool_name: 'one.echo', params: { text: 'p' } }, result: { text: 'p' } },
    {
      name: 'echo without a server',
      task: { tool_name: 'demo.echo', input: { a: [1] } },
      result: { echo: { a: [1] } },
    },
  ],
  fails: [
    {
      name: 'a tool that says so',
      task: { tool_name: 'one.fail', input: { text: 'out of paper' } },
      code: 'external_failure',
      result: { text: 'out of paper', tool: 'fail' },
    },
    { name: 'an error of the protocol', task: { tool_name: 'one.refuse' }, code: 'external_failure' },
  ],
  refuses: [
    { name: 'no tool', task: { tool_name: undefined, input: {} }, code: 'invalid_input', mentions: 'tool_name' },
    { name: 'unknown server', task: { tool_name: 'two.echo' }, code: 'not_found', mentions: 'two' },
    {
      name: 'unknown tool',
      task: { tool_name: 'one.teleport' },
      code: 'not_found',
      mentions: 'task "a": unknown tool',
    },
    { name: 'denied tool', task: { tool_name: 'one.environment' }, code: 'denied', mentions: 'denyTools' },
    {
      name: 'wrong arguments',
      task: { tool_name: 'one.echo', input: { text: 5 } },
      code: 'invalid_input',
      mentions: 'input.text',
    },
  ],
  endless: [
    {
      name: 'a tool that never answers',
      task: { tool_name: 'one.forever' },
      begun: (_fixture, run: FakeRun) => noted(run, 'begun'),
    },
  ],
});
