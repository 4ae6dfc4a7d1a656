import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SkillsDir } from '@execgo/executor-cli-skills';
import { DEFAULT_CONFIG_FILE } from './settings/config-file.js';
import type { Settings } from './settings/table.js';

const MCP_CONFIG = '.mcp.json';
const SKILLS_DIRS = ['.skills', '.claude/skills'];

/** Where MCP servers and skills come from: what the operator named, and what lies in the current folder if that is trusted. */
export interface ToolSources {
  /** Files of MCP servers; of two servers with one name the first counts. */
  readonly mcpConfigs: readonly string[];
  /** Of two skills with one name the first counts. */
  readonly skillsDirs: readonly SkillsDir[];
  /** What lies in the current folder and is not used: a sentence each. */
  readonly notes: readonly string[];
}

/** Files of the current folder that a later start may heed: no task may make them either, whether they are there or not. */
export function projectFiles(cwd: string): readonly string[] {
  return [DEFAULT_CONFIG_FILE, MCP_CONFIG, ...SKILLS_DIRS].map((name) => join(cwd, name));
}

/**
 * A project's own files are used with `--trust-project` alone: whoever wrote the project decides in them which programs run.
 */
export function toolSources({ mcpConfig, skillsDir, trustProject }: Settings, cwd: string): ToolSources {
  const projectConfigs = present(cwd, [MCP_CONFIG]).filter((path) => path !== mcpConfig);
  const projectSkills = present(cwd, SKILLS_DIRS).filter((path) => !skillsDir.includes(path));
  const named = {
    mcpConfigs: mcpConfig === undefined ? [] : [mcpConfig],
    skillsDirs: skillsDir.map((path) => ({ path, source: 'user' })),
  };
  if (!trustProject) {
    const notes = [...projectConfigs, ...projectSkills].map(
      (path) => `${relative(cwd, path)} is not used: --trust-project uses what lies in this folder`,
    );
    return { ...named, notes };
  }
  return {
    mcpConfigs: [...named.mcpConfigs, ...projectConfigs],
    skillsDirs: [...named.skillsDirs, ...projectSkills.map((path) => ({ path, source: 'project' }))],
    notes: [],
  };
}

function present(cwd: string, names: readonly string[]): readonly string[] {
  return names.map((name) => join(cwd, name)).filter((path) => existsSync(path));
}
