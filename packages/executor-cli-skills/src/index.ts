export { type CliSkillsExecutor, createCliSkillsExecutor } from './cli-skills-executor.js';
export {
  type CliSkillsExecutorOptions,
  type Interpreters,
  type ResolvedCliSkillsOptions,
  resolveCliSkillsOptions,
  type SkillBounds,
  type SkillsDir,
} from './options.js';
