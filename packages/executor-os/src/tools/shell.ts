import { ExecGoError } from '@execgo/core';
import {
  type Confinement,
  checkCommandVariables,
  checkNetwork,
  programFor,
  type RunOutcome,
  type RunPlace,
  resolveCommand,
  runForTask,
  type ShellPolicy,
} from '@execgo/process';
import {
  argument,
  argumentList,
  type CheckedTool,
  defineTool,
  fieldError,
  type KnownInput,
  runEntries,
  type ToolRun,
  text,
} from '@execgo/tool-input';
import * as v from 'valibot';

const RUNNERS = ['auto', 'sh', 'powershell', 'cmd'] as const;
type Runner = (typeof RUNNERS)[number];

const schema = v.object({
  command: v.optional(v.pipe(argument, v.description('The program: run as it is, no shell looks at it.'))),
  args: v.optional(argumentList),
  dir: v.optional(v.pipe(text, v.description('Working directory, in the workspace. Default: the workspace.'))),
  script: v.optional(v.pipe(argument, v.description('Run by a shell, instead of a command.'))),
  runner: v.optional(v.pipe(text, v.description(`The shell for script: ${RUNNERS.join(', ')}.`))),
  ...runEntries,
});
type ShellInput = v.InferOutput<typeof schema>;

export interface ShellOptions extends RunPlace {
  readonly policy: ShellPolicy;
}

/** Runs a program, or a script where the policy or a sandbox allows it. */
export function shellTool(options: ShellOptions): CheckedTool {
  return defineTool({
    name: 'shell',
    description:
      'Runs a program with arguments (command, args) or a shell script (script, runner) in the workspace; returns ' +
      '{stdout, stderr, exit_code, runner}. A non-zero exit status is a failure that keeps its output.',
    annotations: { destructive: true, open_world: true },
    schema,
    check: (known, path) => check(options, known, path),
    run: (input, context) => execute(options, input, context),
  });
}

function check(options: ShellOptions, known: KnownInput<typeof schema>, path: string): void {
  const { input, has } = known;
  if (!has('script') && !has('command')) throw fieldError(path, 'command or script is required');
  if (input.script) checkScript(options, input.runner, path);
  else if (!has('script') || input.script === '') {
    if (input.command === '' || !has('command')) throw fieldError(`${path}.command`, 'must not be empty');
    if (input.command !== undefined) resolveCommand(options.policy, input.command, searchPath(input.env));
  }
  if (input.dir) options.workspace.check(input.dir);
  checkCommandVariables(options.policy, input.env);
  checkNetwork(options.confinement, input.sandbox?.network);
}

function checkScript(options: ShellOptions, runner: string | undefined, path: string): void {
  if (options.policy !== 'open' && !options.confinement.isolated) {
    throw new ExecGoError(
      'denied',
      'script is not allowed by the shell policy "allowlist": set EXECGO_SHELL_POLICY=open or a sandbox, or use command',
    );
  }
  runnerOf(runner, path);
}

async function execute({ policy, ...place }: ShellOptions, input: ShellInput, context: ToolRun): Promise<unknown> {
  const { runner, ...program } = commandOf(policy, place.confinement, input);
  return runForTask(place, { ...program, subject: 'command' }, input, {
    ...context,
    resultOf: (outcome) => resultOf(outcome, runner),
  });
}

interface StartedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly runner: Exclude<Runner, 'auto'> | 'direct';
}

function commandOf(policy: ShellPolicy, confinement: Confinement, input: ShellInput): StartedCommand {
  const path = searchPath(input.env);
  if (!input.script) {
    const file = programFor(policy, confinement, input.command ?? '', path);
    return { file, args: input.args ?? [], runner: 'direct' };
  }
  const runner = runnerOf(input.runner, 'input');
  switch (runner) {
    case 'sh':
      return { file: '/bin/sh', args: ['-c', input.script], runner };
    case 'powershell': {
      const program = process.platform === 'win32' ? 'powershell' : 'pwsh';
      const args = ['-NoProfile', '-NonInteractive', '-Command', input.script];
      return { file: resolveCommand('open', program, path), args, runner };
    }
    case 'cmd':
      return { file: resolveCommand('open', 'cmd', path), args: ['/d', '/s', '/c', input.script], runner };
  }
}

function runnerOf(given: string | undefined, path: string): Exclude<Runner, 'auto'> {
  const runner = RUNNERS.find((name) => name === (given || 'auto').toLowerCase());
  if (runner === undefined) {
    throw fieldError(`${path}.runner`, `expected one of ${RUNNERS.join(', ')}, got ${JSON.stringify(given)}`);
  }
  if (runner !== 'auto') return runner;
  return process.platform === 'win32' ? 'powershell' : 'sh';
}

function resultOf(outcome: RunOutcome, runner: string) {
  const { stdout, stderr, exitCode, signal } = outcome;
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    exit_code: exitCode,
    runner,
    ...(stdout.truncated || stderr.truncated ? { truncated: true } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
}

function searchPath(env: ShellInput['env']): string {
  return env?.PATH ?? process.env.PATH ?? '';
}
