import type { SkillDetails, SkillSummary } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { segment } from './path.js';
import type { Transport } from './transport.js';

/** The calls that show Agent Skills, by stages: an agent reads no more than it needs. */
export interface SkillCalls {
  skills(options?: CallOptions): Promise<readonly SkillSummary[]>;
  skill(name: string, options?: CallOptions): Promise<SkillDetails>;
  /** @param path relative to the skill, with `/` */
  skillFile(name: string, path: string, options?: CallOptions): Promise<Uint8Array>;
}

export function skillCalls(transport: Transport): SkillCalls {
  return {
    skills: async ({ signal } = {}) =>
      (await transport.object<{ skills: readonly SkillSummary[] }>({ path: '/skills', signal })).skills,
    skill: async (name, { signal } = {}) => transport.object({ path: skillPath(name), signal }),
    skillFile: async (name, path, { signal } = {}) => {
      const file = path.split('/').map((part) => segment('path', part));
      return transport.send(
        { path: `${skillPath(name)}/files/${file.join('/')}`, signal },
        async (response) => new Uint8Array(await response.arrayBuffer()),
      );
    },
  };
}

function skillPath(name: string): string {
  return `/skills/${segment('name', name)}`;
}
