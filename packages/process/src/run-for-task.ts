import type { RunContext } from '@execgo/core';
import type { Confinement } from './confinement.js';
import { childEnvironment } from './environment.js';
import type { Workspace } from './files/workspace.js';
import { definedLimits, type ResourceLimits, strictestLimits } from './resource-limits.js';
import { isBounded, runDetails } from './run-details.js';
import { runFailure } from './run-failure.js';
import { type RunOutcome, runProcess } from './run-process.js';

/** Where an executor runs the programs of its tasks, and within which bounds. */
export interface RunPlace {
  readonly workspace: Workspace;
  readonly confinement: Confinement;
  /** The most that any run is given. */
  readonly limits: ResourceLimits;
  /** Whether programs get the variables of this process, beside those of their task. */
  readonly inheritEnv: boolean;
}

/** The program of a task: argv, never a line for a shell. */
export interface TaskProgram {
  /** Absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** Names it in messages: `command`, `script "x.py"`. */
  readonly subject: string;
  /** What a sandbox shows it, beside the system's folders, to read. @default [] */
  readonly readable?: readonly string[];
  /** Variables of ExecGo's own for it; they win over those of the task. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What a task may say of how its program runs. */
export interface TaskWishes {
  /** Working directory, in the workspace. Default: the workspace. */
  readonly dir?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | undefined;
  readonly limits?: { readonly [K in keyof ResourceLimits]: ResourceLimits[K] | undefined } | undefined;
  readonly sandbox?: { readonly network?: boolean | undefined } | undefined;
}

/** The attempt that a program runs for, and what becomes of its output. */
export interface TaskRun<Result> {
  readonly taskId: string;
  readonly run: RunContext;
  /** Sees each piece of output before the watchers of the task do. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  readonly resultOf: (outcome: RunOutcome) => Result;
}

/**
 * Runs a program for an attempt of a task, to its end: in the workspace, within the stricter of the limits of place and task,
 * its output passed on as it comes. What bounded it becomes the details of the attempt.
 *
 * @returns the result, of a program that ended with exit status 0
 * @throws ExecGoError of `runFailure`, which keeps the result; of `runProcess`, `childEnvironment` and `Workspace.folder`
 */
export async function runForTask<Result>(
  place: RunPlace,
  { subject, variables, ...program }: TaskProgram,
  wishes: TaskWishes,
  { taskId, run, onOutput, resultOf }: TaskRun<Result>,
): Promise<Result> {
  const bounds = { limits: definedLimits(wishes.limits), network: wishes.sandbox?.network };
  const env = childEnvironment({
    identity: { runId: run.runId, taskId, attempt: run.attempt },
    declared: { ...wishes.env, ...variables },
    inherit: place.inheritEnv,
  });
  const folder = wishes.dir ? await place.workspace.folder(wishes.dir) : undefined;
  try {
    const outcome = await runProcess({
      ...program,
      cwd: folder?.handle ?? place.workspace.root,
      env,
      limits: strictestLimits(place.limits, bounds.limits ?? {}),
      writable: [place.workspace.root],
      ...(bounds.network === undefined ? {} : { network: bounds.network }),
      ...(wishes.stdin === undefined ? {} : { stdin: wishes.stdin }),
      signal: run.signal,
      confinement: place.confinement,
      onOutput: (stream, chunk) => {
        onOutput?.(chunk);
        return run.output(stream, chunk);
      },
    });
    const result = resultOf(outcome);
    const details = runDetails(place.confinement, bounds, outcome);
    if (isBounded(place.confinement, bounds)) run.details(details);
    const failure = runFailure(outcome, { subject, abortReason: run.signal.reason, result, details });
    if (failure !== undefined) throw failure;
    return result;
  } finally {
    folder?.close();
  }
}
