import { statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import {
  ExecGoError,
  type Executor,
  isExecGoError,
  type RunContext,
  type SkillCatalogue,
  type TaskSpec,
  type Tool,
} from '@execgo/core';
import { endLeftovers, Workspace } from '@execgo/process';
import { type CheckedTool, withTask } from '@execgo/tool-input';
import { type CliSkillsExecutorOptions, type ResolvedCliSkillsOptions, resolveCliSkillsOptions } from './options.js';
import type { CommandPlace } from './run-command.js';
import { RUN_TOOL, runTool } from './run-tool.js';
import type { Skill } from './skill.js';
import { SkillLibrary } from './skill-library.js';
import { ScriptRunner, toolsOf } from './skill-tool.js';

/** An executor that shows the skills it runs. */
export interface CliSkillsExecutor extends Executor {
  readonly catalogue: SkillCatalogue;
}

/**
 * The executor of category `cli-skills`: scripts of Agent Skills, and `cli.run`. It makes the workspace at once; skills are
 * looked for when they are asked for, so that a new one needs no restart. `open` ends what an earlier life of the store left
 * running. A task's `input` wins over its `params`.
 *
 * @throws ConfigError for a bad option
 */
export function createCliSkillsExecutor(options: CliSkillsExecutorOptions = {}): CliSkillsExecutor {
  return new SkillsExecutor(resolveCliSkillsOptions(options));
}

class SkillsExecutor implements CliSkillsExecutor {
  readonly category = 'cli-skills';
  readonly catalogue: SkillLibrary;
  private readonly workspace: Workspace;
  private readonly commands: CheckedTool;
  private readonly scripts: ScriptRunner;

  constructor(options: ResolvedCliSkillsOptions) {
    this.workspace = Workspace.open(options.workspace, {
      protectedPaths: options.protectedPaths,
      confined: !options.unconfinedFiles,
    });
    const place: CommandPlace = { ...options, workspace: this.workspace };
    this.commands = runTool(place);
    this.scripts = new ScriptRunner(place, options);
    this.catalogue = new SkillLibrary(options);
    warnOfWritableSkills(this.workspace, options);
  }

  async open({ storeId }: { readonly storeId: string }): Promise<void> {
    await endLeftovers(storeId);
  }

  async tools(): Promise<readonly Tool[]> {
    const { skills } = await this.catalogue.current();
    return [this.commands.tool, ...Array.from(skills.values(), toolsOf).flat()];
  }

  async check(task: TaskSpec): Promise<void> {
    try {
      const { raw, path } = inputOf(task);
      if (isRun(task)) return this.commands.check(raw, path);
      const { skill, script } = await this.skillOf(task);
      await this.scripts.check(skill, script, raw, path);
    } catch (error) {
      throw withTask(error, task);
    }
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    const { raw, path } = inputOf(task);
    const context = { taskId: task.id, run };
    if (isRun(task)) return this.commands.run(raw, path, context);
    const { skill, script } = await this.skillOf(task);
    return this.scripts.run(skill, script, raw, path, context);
  }

  async health(): Promise<void> {
    const { root } = this.workspace;
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new ExecGoError('unavailable', `the workspace ${root} is gone; make it again or restart`);
    }
  }

  /** `skill`, or `skill/path of a script`. */
  private async skillOf({ tool_name = '' }: TaskSpec): Promise<{ readonly skill: Skill; readonly script?: string }> {
    const slash = tool_name.indexOf('/');
    const name = slash < 0 ? tool_name : tool_name.slice(0, slash);
    try {
      const skill = await this.catalogue.find(name);
      return slash < 0 ? { skill } : { skill, script: tool_name.slice(slash + 1) };
    } catch (error) {
      if (!isExecGoError(error, 'not_found')) throw error;
      const message = `${error.message}; tool_name is a skill, skill/script, or ${RUN_TOOL}`;
      throw new ExecGoError('not_found', message, { cause: error });
    }
  }
}

function isRun({ tool_name }: TaskSpec): boolean {
  return tool_name === undefined || tool_name === '' || tool_name === RUN_TOOL;
}

function inputOf(task: TaskSpec): { readonly raw: unknown; readonly path: string } {
  const { input, params } = task;
  return input === undefined && params !== undefined ? { raw: params, path: 'params' } : { raw: input, path: 'input' };
}

/** Whoever writes to a folder of skills decides what runs; tasks write to the workspace. */
function warnOfWritableSkills({ root }: Workspace, { skillsDirs, onWarning }: ResolvedCliSkillsOptions): void {
  for (const { path } of skillsDirs) {
    const below = relative(root, resolve(path));
    if (isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`)) continue;
    onWarning(
      `${resolve(path)}: this folder of skills lies in the workspace, where tasks can write what it runs; move it`,
    );
  }
}
