import { ExecGoError } from '@execgo/core';
import { checkCommandVariables, checkNetwork, type ShellPolicy, type Workspace } from '@execgo/process';
import { argumentList, runEntries, text } from '@execgo/tool-input';
import * as v from 'valibot';
import type { ResolvedCliSkillsOptions } from './options.js';

/** What every tool of this category takes, whatever it runs. */
export const commonEntries = {
  args: v.optional(v.pipe(argumentList, v.description('Passed on as they are: no shell looks at them.'))),
  cwd: v.optional(v.pipe(text, v.description('Working directory, in the workspace. Default: the workspace.'))),
  ...runEntries,
};

const commonSchema = v.object(commonEntries);
export type CommonInput = v.InferOutput<typeof commonSchema>;

/**
 * Checks what is known of it.
 *
 * @throws ExecGoError `denied`, `invalid_input`
 */
export function checkCommon(
  input: Partial<CommonInput>,
  workspace: Workspace,
  { shellPolicy, confinement }: Pick<ResolvedCliSkillsOptions, 'shellPolicy' | 'confinement'>,
): void {
  if (input.cwd) workspace.check(input.cwd);
  checkCommandVariables(shellPolicy, input.env);
  checkNetwork(confinement, input.sandbox?.network);
}

/** The variable that tells a script the folder of its skill. */
export const SKILL_VARIABLE = 'SKILL_DIR';

/** Variables by which an interpreter would run other code before, or instead of, the script. */
const INTERPRETER_VARIABLES: ReadonlySet<string> = new Set(
  // HOME: Python runs a usercustomize.py that it finds below it.
  (
    'PATH HOME PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONBREAKPOINT PYTHONWARNINGS PYTHONUSERBASE ' +
    'NODE_OPTIONS NODE_PATH PERL5OPT PERL5LIB PERL5DB PERLLIB RUBYOPT RUBYLIB SHELLOPTS BASHOPTS PS4'
  ).split(' '),
);

/**
 * The variables that a task must not declare for a script, beyond those of commands.
 *
 * @throws ExecGoError `denied`
 */
export function checkScriptVariables(policy: ShellPolicy, env: Readonly<Record<string, string>> | undefined): void {
  for (const name of Object.keys(env ?? {})) {
    if (name === SKILL_VARIABLE)
      throw new ExecGoError('denied', `env.${name}: is set by ExecGo, to the skill's folder`);
    if (policy === 'allowlist' && INTERPRETER_VARIABLES.has(name)) {
      throw new ExecGoError('denied', `env.${name}: would make the script's interpreter run other code`);
    }
  }
}
