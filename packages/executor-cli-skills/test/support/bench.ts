import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Json } from '@execgo/core';
import { type FakeRun, freshRun, spec } from '@execgo/testkit';
import { afterEach, beforeEach } from 'vitest';
import { type CliSkillsExecutor, type CliSkillsExecutorOptions, createCliSkillsExecutor } from '../../src/index.js';

/** A file to write: its text, or bytes, or where a link leads. */
export type FileContent =
  | string
  | Uint8Array
  | { readonly text: string; readonly mode: number }
  | { readonly link: string };

export const MANIFEST = (name: string, more = '') =>
  `---\nname: ${name}\ndescription: What ${name} is for.\n${more}---\nDo it.\n`;

/** Folders of skills, a workspace and an executor over both, in a place of its own. */
export class Bench {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'execgo-skills-')));
  readonly skills = join(this.base, 'skills');
  readonly root = join(this.base, 'workspace');
  readonly warnings: string[] = [];
  readonly executor: CliSkillsExecutor;

  constructor(options: CliSkillsExecutorOptions = {}) {
    mkdirSync(this.skills);
    this.executor = createCliSkillsExecutor({
      skillsDirs: [this.skills],
      workspace: this.root,
      // Tests change files and look at once.
      rescanMs: 0,
      onWarning: (message) => this.warnings.push(message),
      ...options,
    });
  }

  /** Writes a file below the base; folders are made. */
  write(path: string, content: FileContent): string {
    const file = join(this.base, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(file, content);
    else if ('link' in content) symlinkSync(content.link, file);
    else {
      writeFileSync(file, content.text);
      chmodSync(file, content.mode);
    }
    return file;
  }

  /** Writes a skill with a plain manifest, and its scripts. */
  skill(
    name: string,
    scripts: Readonly<Record<string, FileContent>> = {},
    manifest: FileContent = MANIFEST(name),
  ): void {
    this.write(`skills/${name}/SKILL.md`, manifest);
    for (const [path, content] of Object.entries(scripts)) this.write(`skills/${name}/scripts/${path}`, content);
  }

  task(tool_name: string | undefined, input?: Json) {
    return spec({ type: 'cli-skills', tool_name, ...(input === undefined ? {} : { input }) });
  }

  /** Checks a task as a submission does; resolves to what the check throws, or undefined. */
  async check(tool: string | undefined, input?: Json): Promise<unknown> {
    try {
      await this.executor.check?.(this.task(tool, input));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Checks a task and runs it once. */
  async run(tool: string | undefined, input?: Json, run: FakeRun = freshRun()): Promise<Record<string, unknown>> {
    const task = this.task(tool, input);
    await this.executor.check?.(task);
    return (await this.executor.execute(task, run)) as Record<string, unknown>;
  }

  /** Runs without the check, as an attempt whose files changed since. */
  execute(tool: string | undefined, input?: Json, run: FakeRun = freshRun()): Promise<unknown> {
    return this.executor.execute(this.task(tool, input), run);
  }

  async names(): Promise<readonly string[]> {
    return (await this.executor.catalogue.list()).map(({ name }) => name);
  }

  async dispose(): Promise<void> {
    await this.executor.close?.();
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** A fresh bench for each test. */
export function useBench(options: CliSkillsExecutorOptions = {}): { readonly bench: Bench } {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(options);
  });
  afterEach(() => bench.dispose());
  return {
    get bench() {
      return bench;
    },
  };
}
