import type { KernelTool } from '@execgo/core';
import { expect, it } from 'vitest';
import { agentTools, MAX_AGENT_TOOL_NAME } from '../src/index.js';

function tool(category: string, name: string): KernelTool {
  return { category, name, description: '', input_schema: { type: 'object' } };
}

function namesOf(...tools: readonly KernelTool[]): Record<string, string> {
  return Object.fromEntries(
    agentTools(tools).map(({ agentName, tool: { category, name } }) => [`${category} ${name}`, agentName]),
  );
}

it.each([
  ['os', 'shell', 'os__shell'],
  ['mcp', 'tickets.create', 'tickets__create'],
  ['mcp', 'tickets.v2.create', 'tickets__v2_create'],
  ['cli-skills', 'pdf', 'pdf'],
  ['cli-skills', 'pdf/extract.py', 'pdf__extract__py'],
  ['cli-skills', 'cli.run', 'cli__run'],
  ['weather', 'täglich', 'weather__t_glich'],
])('%s %s is called %s', (category, name, expected) => {
  expect(Object.values(namesOf(tool(category, name)))).toEqual([expected]);
});

it('two that would have one name are told apart, whatever the order they come in', () => {
  const tools = [tool('mcp', 'a.b'), tool('mcp', 'a.b_'), tool('mcp', 'a.b?'), tool('cli-skills', 'a/b')];
  const names = namesOf(...tools);
  expect(new Set(Object.values(names)).size).toBe(4);
  expect(names).toEqual(namesOf(...[...tools].reverse()));
  for (const name of Object.values(names)) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
});

it.each([
  ['an MCP server', 'mcp', 'os.shell'],
  ['a skill', 'cli-skills', 'os/shell'],
])('%s cannot take the name of a tool of os', (_who, category, name) => {
  for (const tools of [
    [tool(category, name), tool('os', 'shell')],
    [tool('os', 'shell'), tool(category, name)],
  ]) {
    expect(namesOf(...tools)).toEqual({
      'os shell': 'os__shell',
      [`${category} ${name}`]: expect.stringMatching(/^os__shell_[0-9a-f]{8}$/),
    });
  }
});

it('a name that is too long is cut, and stays unique', () => {
  const long = 'x'.repeat(100);
  const names = Object.values(namesOf(tool('mcp', `s.${long}1`), tool('mcp', `s.${long}2`)));
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toHaveLength(MAX_AGENT_TOOL_NAME);
});
