import { API_ERROR_CODES } from '@execgo/core';
import * as v from 'valibot';

const count = (description: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));

export const ErrorBody = v.object({
  error: v.pipe(v.string(), v.description('For people: what, where, and what to do.')),
  code: v.pipe(v.picklist(API_ERROR_CODES), v.description('For programs.')),
  details: v.exactOptional(v.record(v.string(), v.unknown())),
  trace_id: v.pipe(v.string(), v.description('By which the log of the server has it.')),
});

export const Metrics = v.object({
  tasks_total: count('Submitted since the server started.'),
  tasks_running: count('Attempts under way.'),
  tasks_succeeded: count('Ended in success.'),
  tasks_failed: count('Failed, were cancelled or skipped.'),
  by_type: v.pipe(v.record(v.string(), v.number()), v.description('Submitted, by normalised type.')),
});

const KernelState = v.picklist(['starting', 'ok', 'stopping', 'failed']);
const problems = v.pipe(
  v.record(v.string(), v.string()),
  v.description('A sentence by part; for known callers alone.'),
);

export const Health = v.pipe(
  v.looseObject({
    status: v.literal('ok'),
    version: v.pipe(v.string(), v.description('`v1.2.3`')),
    uptime: v.pipe(v.string(), v.description('`2h0m5s`')),
    state: KernelState,
    problems: v.exactOptional(problems),
  }),
  v.description('To known callers also what is in force.'),
);

export const Alive = v.object({ status: v.literal('ok') });

const SkillEntries = {
  name: v.string(),
  description: v.string(),
  source: v.pipe(v.string(), v.description('Where it comes from, in the words of the operator.')),
  scripts: v.pipe(v.array(v.string()), v.description('That can be run, by their paths in `scripts/`.')),
};

export const Skills = v.object({ skills: v.array(v.object(SkillEntries)) });

export const Skill = v.object({
  ...SkillEntries,
  license: v.exactOptional(v.string()),
  compatibility: v.exactOptional(v.string()),
  allowed_tools: v.exactOptional(v.array(v.string())),
  metadata: v.exactOptional(v.record(v.string(), v.unknown())),
  extra: v.exactOptional(v.record(v.string(), v.unknown())),
  body: v.pipe(v.string(), v.description('The instructions, in Markdown.')),
  files: v.array(v.object({ path: v.string(), size: count('In bytes.') })),
  warnings: v.array(v.string()),
});
