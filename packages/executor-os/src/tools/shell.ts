import { ExecGoError } from '@execgo/core';
import {
  type Confinement,
  checkCommandVariables,
  checkNetwork,
  childEnvironment,
  definedLimits,
  isBounded,
  programFor,
  type ResourceLimits,
  type RunOutcome,
  resolveCommand,
  runDetails,
  runFailure,
  runProcess,
  type ShellPolicy,
  strictestLimits,
  type Workspace,
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

export interface ShellOptions {
  readonly workspace: Workspace;
  readonly policy: ShellPolicy;
  readonly inheritEnv: boolean;
  /** The most that any run is given. */
  readonly limits: ResourceLimits;
  /** A sandbox gives commands the workspace and nothing else of this machine to write to. */
  readonly confinement: Confinement;
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

async function execute(options: ShellOptions, input: ShellInput, { taskId, run }: ToolRun): Promise<unknown> {
  const bounds = { limits: definedLimits(input.limits), network: input.sandbox?.network };
  const env = childEnvironment({
    identity: { runId: run.runId, taskId, attempt: run.attempt },
    declared: input.env ?? {},
    inherit: options.inheritEnv,
  });
  const started = commandOf(options, input);
  const folder = input.dir ? await options.workspace.folder(input.dir) : undefined;
  try {
    const outcome = await runProcess({
      ...started,
      cwd: folder?.handle ?? options.workspace.root,
      env,
      limits: strictestLimits(options.limits, bounds.limits ?? {}),
      writable: [options.workspace.root],
      ...(bounds.network === undefined ? {} : { network: bounds.network }),
      ...(input.stdin === undefined ? {} : { stdin: input.stdin }),
      signal: run.signal,
      confinement: options.confinement,
      onOutput: (stream, chunk) => run.output(stream, chunk),
    });
    const result = resultOf(outcome, started.runner);
    const details = runDetails(options.confinement, bounds, outcome);
    if (isBounded(options.confinement, bounds)) run.details(details);
    const failure = runFailure(outcome, { subject: 'command', abortReason: run.signal.reason, result, details });
    if (failure !== undefined) throw failure;
    return result;
  } finally {
    folder?.close();
  }
}

interface StartedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly runner: Exclude<Runner, 'auto'> | 'direct';
}

function commandOf(options: ShellOptions, input: ShellInput): StartedCommand {
  const path = searchPath(input.env);
  if (!input.script) {
    const file = programFor(options.policy, options.confinement, input.command ?? '', path);
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
