import { accessSync, constants, statSync } from 'node:fs';
import { basename, extname, isAbsolute } from 'node:path';
import { ExecGoError, isExecGoError } from '@execgo/core';
import { resolveCommand } from '@execgo/process';

/** By ending, in lower case: a program and its first arguments. */
export type InterpreterMap = ReadonlyMap<string, readonly [string, ...string[]]>;

/** A script as it was found. */
export interface ScriptFile {
  /** Its path inside `scripts/`, for messages. */
  readonly name: string;
  /** Real path. */
  readonly real: string;
  readonly mode: number;
  /** Its first bytes, enough for a line `#!`. */
  readonly head: Uint8Array;
}

/** What is started. */
export interface Launch {
  readonly file: string;
  /** Come before the arguments of the task. */
  readonly args: readonly string[];
}

/** Endings that stand for any shell: a line `#!` says which. */
const SHELL_ENDINGS: ReadonlySet<string> = new Set(['.sh', '.bash']);
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ksh', 'zsh']);
const EXECUTABLE_BITS = 0o111;

/** Whether a file can be run as a script, by its name and mode alone. */
export function isRunnable(name: string, mode: number, interpreters: InterpreterMap): boolean {
  return (mode & EXECUTABLE_BITS) !== 0 || interpreters.has(endingOf(name));
}

/**
 * How a script is started: by itself where it is executable and names its interpreter, or is a program; otherwise by the
 * interpreter of its ending.
 *
 * @param serverPath where interpreters are looked for
 * @param childPath PATH of the environment it will run in, where its own line `#!/usr/bin/env` looks
 * @throws ExecGoError `not_found` naming an interpreter that is not installed, `denied` for what is not executable
 */
export function launchOf(
  script: ScriptFile,
  interpreters: InterpreterMap,
  serverPath: string,
  childPath: string,
): Launch {
  const { name, real, mode, head } = script;
  const shebang = readShebang(head);
  const interpreter = interpreters.get(endingOf(name));
  const isExecutable = (mode & EXECUTABLE_BITS) !== 0;
  if (isExecutable && shebang !== undefined) {
    checkShebang(name, shebang, childPath);
    return { file: real, args: [] };
  }
  if (interpreter === undefined) {
    if (isExecutable) return { file: real, args: [] };
    throw new ExecGoError(
      'denied',
      `script ${JSON.stringify(name)} is not executable, and no interpreter is known for its ending: run chmod +x on it ` +
        '(a script needs a first line such as #!/bin/sh, too), or set the option interpreters',
    );
  }
  const [program, ...first] = shellOf(name, shebang) ?? interpreter;
  return { file: installed(name, program, serverPath), args: [...first, real] };
}

function shellOf(name: string, shebang: Shebang | undefined): readonly [string] | undefined {
  if (shebang === undefined || !SHELL_ENDINGS.has(endingOf(name))) return undefined;
  const shell = basename(shebang.program);
  return SHELLS.has(shell) ? [shell] : undefined;
}

function installed(script: string, program: string, path: string): string {
  if (isAbsolute(program)) {
    if (isProgram(program)) return program;
    throw missing(script, program);
  }
  try {
    return resolveCommand('open', program, path);
  } catch (error) {
    if (!isExecGoError(error, 'not_found')) throw error;
    throw missing(script, program, error);
  }
}

interface Shebang {
  /** The interpreter: a path, or a name that env looks for. */
  readonly program: string;
  /** Whether env looks for it in PATH. */
  readonly byEnv: boolean;
}

/** The line `#!` of a script, as the kernel reads it. */
function readShebang(head: Uint8Array): Shebang | undefined {
  const [, line] = /^#![ \t]*([^\n]*)/.exec(Buffer.from(head).toString('latin1')) ?? [];
  if (line === undefined) return undefined;
  const [program = '', ...rest] = line.trimEnd().split(/[ \t]+/);
  // A carriage return is part of the name for the kernel; kept, so that its absence can be explained.
  const ending = line.endsWith('\r') ? '\r' : '';
  if (basename(program) !== 'env') return { program: rest.length === 0 ? program + ending : program, byEnv: false };
  const looked = rest.find((word) => !word.startsWith('-') && !word.includes('='));
  if (looked === undefined) return { program, byEnv: false };
  return { program: looked === rest.at(-1) ? looked + ending : looked, byEnv: true };
}

/** The kernel says only that there is no such file, and means the interpreter. */
function checkShebang(script: string, { program, byEnv }: Shebang, childPath: string): void {
  if (program.endsWith('\r')) {
    throw new ExecGoError(
      'not_found',
      `script ${JSON.stringify(script)}: its line #! ends in a carriage return; save it with Unix line ends`,
    );
  }
  if (byEnv) installed(script, program, childPath);
  else if (!isProgram(program)) throw missing(script, program);
}

function missing(script: string, program: string, cause?: unknown): ExecGoError {
  return new ExecGoError(
    'not_found',
    `script ${JSON.stringify(script)} needs ${program}, which is not installed where ExecGo runs`,
    cause === undefined ? {} : { cause },
  );
}

function isProgram(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function endingOf(name: string): string {
  return extname(name).toLowerCase();
}
