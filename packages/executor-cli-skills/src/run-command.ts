import {
  type Confinement,
  OutputCapture,
  type RunOutcome,
  type RunPlace,
  runForTask,
  type ShellPolicy,
  type TaskProgram,
} from '@execgo/process';
import type { ToolRun } from '@execgo/tool-input';
import type { CommonInput } from './run-input.js';

/** Where and within which bounds everything of this executor runs. */
export interface CommandPlace extends RunPlace {
  readonly shellPolicy: ShellPolicy;
}

/** A program, and what is particular to this executor. */
export interface CommandRun extends TaskProgram {
  /** What the result says was run. @default file and args */
  readonly shown?: { readonly command: string; readonly args: readonly string[] };
  /** Looks once more at what is about to run, as the last thing before it is started; throws where it must not. */
  readonly lastLook?: () => void;
}

/** Runs it to its end. @returns `{command, args, output, stdout, stderr, exit_code, truncated?, signal?}` */
export async function runCommand(
  place: RunPlace,
  { shown, lastLook, ...program }: CommandRun,
  input: CommonInput,
  context: ToolRun,
): Promise<unknown> {
  const both = new OutputCapture();
  const confinement = withLastLook(place.confinement, lastLook);
  return runForTask(
    { ...place, confinement },
    program,
    { ...input, dir: input.cwd },
    {
      ...context,
      onOutput: (chunk) => both.append(chunk),
      resultOf: (outcome) => resultOf(shown ?? { command: program.file, args: program.args }, outcome, both),
    },
  );
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

function resultOf(shown: NonNullable<CommandRun['shown']>, outcome: RunOutcome, both: OutputCapture) {
  const { stdout, stderr, exitCode, signal } = outcome;
  const output = both.captured();
  return {
    ...shown,
    output: output.text,
    stdout: stdout.text,
    stderr: stderr.text,
    exit_code: exitCode,
    ...(output.truncated || stdout.truncated || stderr.truncated ? { truncated: true } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
}
