import type { JsonObject } from '../json.js';

/** What an agent is told of every skill: enough to decide whether to read on. */
export interface SkillSummary {
  /** Unique in the catalogue. */
  readonly name: string;
  readonly description: string;
  /** Where it comes from, in the words of whoever configured the place: `user`, `project`. */
  readonly source: string;
  /** Scripts that can be run, by their paths inside `scripts/`; empty for a skill that is instructions alone. */
  readonly scripts: readonly string[];
}

/** One file of a skill. */
export interface SkillFile {
  /** Relative to the skill, with `/`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** A skill as its author wrote it. */
export interface SkillDetails extends SkillSummary {
  readonly license?: string;
  /** What it needs of its environment, in words. */
  readonly compatibility?: string;
  /** The tools that its author would have agents use without asking. Shown, never enforced. */
  readonly allowed_tools?: readonly string[];
  readonly metadata?: JsonObject;
  /** Further fields of the front matter. */
  readonly extra?: JsonObject;
  /** The instructions: what follows the front matter, in Markdown. */
  readonly body: string;
  /** By path. Cut where there are more than the catalogue shows, which a warning then says. */
  readonly files: readonly SkillFile[];
  /** What its author should put right; the skill works all the same. */
  readonly warnings: readonly string[];
}

/** The content of one file of a skill. */
export interface SkillFileContent extends SkillFile {
  readonly bytes: Uint8Array;
}

/** Skills by stages: what there is, then the instructions of one, then single files, so that an agent reads no more than it needs. */
export interface SkillCatalogue {
  /** By name. What changed on disk is seen within about a second. */
  list(): Promise<readonly SkillSummary[]>;
  /** @throws ExecGoError `not_found` */
  get(name: string): Promise<SkillDetails>;
  /**
   * @param path relative to the skill
   * @throws ExecGoError `not_found`, `denied` for a path that leads out of the skill, `invalid_input` for one that no file can
   * have, `too_large`
   */
  file(name: string, path: string): Promise<SkillFileContent>;
}
