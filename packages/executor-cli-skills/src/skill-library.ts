import {
  ExecGoError,
  isExecGoError,
  type SkillCatalogue,
  type SkillDetails,
  type SkillFileContent,
  type SkillSummary,
} from '@execgo/core';
import type { ResolvedCliSkillsOptions } from './options.js';
import type { Skill } from './skill.js';
import { realFileOf } from './skill-path.js';
import { SkillScanner, type SkillSet } from './skill-scan.js';

/** Names that an error lists at most. */
const MAX_NAMES = 20;

/** The skills on disk, at most `rescanMs` old; tells of everything wrong with them once. */
export class SkillLibrary implements SkillCatalogue {
  private readonly scanner: SkillScanner;
  private last: { readonly set: SkillSet; readonly at: number } | undefined;
  private scanning: Promise<SkillSet> | undefined;
  private told: ReadonlySet<string> = new Set();

  constructor(
    private readonly options: Pick<
      ResolvedCliSkillsOptions,
      'skillsDirs' | 'bounds' | 'interpreters' | 'rescanMs' | 'onWarning'
    >,
  ) {
    this.scanner = new SkillScanner(options);
  }

  /** All skills as they are now. */
  async current(): Promise<SkillSet> {
    const { last, options } = this;
    if (last !== undefined && performance.now() - last.at < options.rescanMs) return last.set;
    this.scanning ??= this.scan().finally(() => {
      this.scanning = undefined;
    });
    return this.scanning;
  }

  async list(): Promise<readonly SkillSummary[]> {
    const { skills } = await this.current();
    return Array.from(skills.values(), ({ details: { name, description, source, scripts } }) => ({
      name,
      description,
      source,
      scripts,
    }));
  }

  async get(name: string): Promise<SkillDetails> {
    return (await this.find(name)).details;
  }

  async file(name: string, path: string): Promise<SkillFileContent> {
    const skill = await this.find(name);
    const { maxFileBytes } = this.options.bounds;
    const { path: shown, place } = realFileOf(skill, '', path, 'path');
    const bytes = await skill.skillsFolder.read(place).catch((error: unknown) => {
      throw isExecGoError(error, 'resource_limit_exceeded') ? tooLarge(path, maxFileBytes, error) : error;
    });
    if (bytes.length > maxFileBytes) throw tooLarge(path, maxFileBytes);
    return { path: shown, size: bytes.length, bytes };
  }

  /** @throws ExecGoError `not_found` naming what there is */
  async find(name: string): Promise<Skill> {
    const { skills } = await this.current();
    const skill = skills.get(name);
    if (skill !== undefined) return skill;
    throw new ExecGoError(
      'not_found',
      `skill not found: ${JSON.stringify(name)} (available: ${someOf([...skills.keys()])})`,
    );
  }

  private async scan(): Promise<SkillSet> {
    const set = await this.scanner.scan();
    this.last = { set, at: performance.now() };
    for (const problem of set.problems) if (!this.told.has(problem)) this.options.onWarning(problem);
    this.told = new Set(set.problems);
    return set;
  }
}

/** Names for a message: the first ones, and how many more there are. */
export function someOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function tooLarge(path: string, maxBytes: number, cause?: unknown): ExecGoError {
  const message = `file ${JSON.stringify(path)} is larger than ${maxBytes} bytes`;
  return new ExecGoError('too_large', message, { details: { limit: maxBytes }, cause });
}
