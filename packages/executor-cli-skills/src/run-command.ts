import {
  type Confinement,
  childEnvironment,
  definedLimits,
  isBounded,
  OutputCapture,
  type RunOutcome,
  runDetails,
  runFailure,
  runProcess,
  strictestLimits,
  type Workspace,
} from '@execgo/process';
import type { ToolRun } from '@execgo/tool-input';
import type { ResolvedCliSkillsOptions } from './options.js';
import type { CommonInput } from './run-input.js';

/** Where and within which bounds everything of this executor runs. */
export interface RunPlace
  extends Pick<ResolvedCliSkillsOptions, 'confinement' | 'limits' | 'inheritEnv' | 'shellPolicy'> {
  readonly workspace: Workspace;
}

/** What is run: argv, never a line for a shell. */
export interface CommandRun {
  /** Absolute path of a program. */
  readonly file: string;
  readonly args: readonly string[];
  /** What the result says was run. @default file and args */
  readonly shown?: { readonly command: string; readonly args: readonly string[] };
  /** Names it in messages: `command`, `script "x.py"`. */
  readonly subject: string;
  /** What a sandbox shows it, beside the system's folders, to read. */
  readonly readable?: readonly string[];
  /** Variables of ExecGo's own for it. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Looks once more at what is about to run, as the last thing before it is started; throws where it must not. */
  readonly lastLook?: () => void;
}

/** Runs it to its end. @returns `{command, args, output, stdout, stderr, exit_code, truncated?, signal?}` */
export async function runCommand(
  place: RunPlace,
  command: CommandRun,
  input: CommonInput,
  { taskId, run }: ToolRun,
): Promise<unknown> {
  const bounds = { limits: definedLimits(input.limits), network: input.sandbox?.network };
  const env = childEnvironment({
    identity: { runId: run.runId, taskId, attempt: run.attempt },
    declared: { ...input.env, ...command.variables },
    inherit: place.inheritEnv,
  });
  const both = new OutputCapture();
  const folder = input.cwd ? await place.workspace.folder(input.cwd) : undefined;
  try {
    const outcome = await runProcess({
      file: command.file,
      args: command.args,
      cwd: folder?.handle ?? place.workspace.root,
      env,
      limits: strictestLimits(place.limits, bounds.limits ?? {}),
      writable: [place.workspace.root],
      readable: command.readable ?? [],
      ...(bounds.network === undefined ? {} : { network: bounds.network }),
      ...(input.stdin === undefined ? {} : { stdin: input.stdin }),
      signal: run.signal,
      confinement: withLastLook(place.confinement, command.lastLook),
      onOutput: (stream, chunk) => {
        both.append(chunk);
        return run.output(stream, chunk);
      },
    });
    const result = resultOf(command, outcome, both);
    const details = runDetails(place.confinement, bounds, outcome);
    if (isBounded(place.confinement, bounds)) run.details(details);
    const { subject } = command;
    const failure = runFailure(outcome, { subject, abortReason: run.signal.reason, result, details });
    if (failure !== undefined) throw failure;
    return result;
  } finally {
    folder?.close();
  }
}

/** Confining may take a while; only then is the program started. */
function withLastLook(confinement: Confinement, lastLook: (() => void) | undefined): Confinement {
  if (lastLook === undefined) return confinement;
  return {
    name: confinement.name,
    isolated: confinement.isolated,
    ...(confinement.network === undefined ? {} : { network: confinement.network }),
    async confine(command) {
      const confined = await confinement.confine(command);
      try {
        lastLook();
      } catch (error) {
        await confined.group?.end();
        throw error;
      }
      return confined;
    },
  };
}

function resultOf(run: CommandRun, outcome: RunOutcome, both: OutputCapture) {
  const { stdout, stderr, exitCode, signal } = outcome;
  const output = both.captured();
  const { command, args } = run.shown ?? { command: run.file, args: run.args };
  return {
    command,
    args,
    output: output.text,
    stdout: stdout.text,
    stderr: stderr.text,
    exit_code: exitCode,
    ...(output.truncated || stdout.truncated || stderr.truncated ? { truncated: true } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
}
