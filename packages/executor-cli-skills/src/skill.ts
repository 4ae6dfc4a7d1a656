import type { SkillDetails } from '@execgo/core';
import type { Workspace } from '@execgo/process';

/** The folder of scripts in the folder of a skill. */
export const SCRIPTS_FOLDER = 'scripts';

/** A skill, and where it lies. */
export interface Skill {
  readonly details: SkillDetails;
  /** Real path of its folder. */
  readonly folder: string;
  /** Its path relative to the folder of skills that it was found in: every file is reached from there, never through a link. */
  readonly place: string;
  readonly skillsFolder: Workspace;
}

/** Names that stand for nothing an agent is meant to see, nor to reach by name. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}
