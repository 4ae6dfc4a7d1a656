import { createHash } from 'node:crypto';
import type { KernelTool } from '@execgo/core';

/** Longest name that every model's API takes for a tool. */
export const MAX_AGENT_TOOL_NAME = 64;
const HASH_LENGTH = 8;
/** The tools that ExecGo brings: no MCP server and no skill can take the name of one of them. */
const BUILT_IN = 'os';

/** A tool under the name by which agents call it; `category` and `name` of the tool say what a task for it is. */
export interface AgentTool {
  /** 1–64 letters, digits, `_` and `-`; unique among the tools that were named together. */
  readonly agentName: string;
  readonly tool: KernelTool;
}

/**
 * Names tools as the APIs of models allow it: `os__shell`, `<server>__<tool>`, `<skill>` and `<skill>__<script>`, any other
 * category `<category>__<name>`. The names depend on the set of tools and not on its order; where two would be the same, or one is
 * too long, it ends in a hash; the tools of `os` keep their names before all others. In order of category and name.
 */
export function agentTools(tools: readonly KernelTool[]): readonly AgentTool[] {
  const names = new Map<KernelTool, string>();
  const taken = new Set<string>();
  const sorted = [...tools].sort(byCategoryAndName);
  const builtIn = sorted.filter(({ category }) => category === BUILT_IN);
  for (const tool of [...builtIn, ...sorted]) {
    if (names.has(tool)) continue;
    const plain = plainName(tool);
    const fits = plain.length <= MAX_AGENT_TOOL_NAME && !taken.has(plain);
    const agentName = fits ? plain : hashedName(plain, tool);
    taken.add(agentName);
    names.set(tool, agentName);
  }
  return sorted.map((tool) => ({ agentName: names.get(tool) as string, tool }));
}

function plainName({ category, name }: KernelTool): string {
  if (category === 'mcp') return legal(name.replace('.', '__'));
  if (category === 'cli-skills') return legal(name.replace(/[./]/g, '__'));
  return legal(`${category}__${name}`);
}

function legal(name: string): string {
  return name.replace(/[^a-zA-Z0-9_-]/g, '_');
}

function hashedName(plain: string, { category, name }: KernelTool): string {
  const hash = createHash('sha256').update(`${category}\n${name}`).digest('hex').slice(0, HASH_LENGTH);
  return `${plain.slice(0, MAX_AGENT_TOOL_NAME - HASH_LENGTH - 1)}_${hash}`;
}

function byCategoryAndName(a: KernelTool, b: KernelTool): number {
  return compare(a.category, b.category) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
