import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { ExecGoError } from '@execgo/core';
import type { Confinement } from './confinement.js';
import { checkVariable } from './environment.js';

export const SHELL_POLICIES = ['allowlist', 'open'] as const;
/** `allowlist`: the commands below, from fixed folders; `open`: any program, and scripts. */
export type ShellPolicy = (typeof SHELL_POLICIES)[number];

/**
 * What the policy `allowlist` lets run. A guard rail against accidents, not a boundary: `awk`, `find`, `sed` and `curl` can
 * be told to run programs and to read any file. Names of Windows commands are simply not found elsewhere.
 */
export const ALLOWED_COMMANDS: ReadonlySet<string> = new Set(
  (
    'echo cat ls date whoami hostname uname pwd curl wget ping dig grep awk sed head tail wc sort uniq find ' +
    'dir where type'
  ).split(' '),
);

/** Where the programs of the system are, and listed commands are looked for: never in the caller's PATH, nor in a folder that a task can write to. */
export const COMMAND_FOLDERS: readonly string[] =
  process.platform === 'win32'
    ? [join(process.env.SystemRoot ?? 'C:\\Windows', 'System32')]
    : ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Variables by which a listed command would run code of the caller's: of the dynamic loader, start files, functions of bash. */
const LOADER_VARIABLES = /^(LD_|DYLD_|BASH_FUNC_|GCONV_PATH$|LOCPATH$|BASH_ENV$|ENV$|CURL_HOME$|WGETRC$)/;

/** How long a listed command that was found is not looked for again: a big graph asks for the same few thousands of times. */
const FOUND_FOR_MS = 1_000;
const foundLately = new Map<string, { readonly file: string; readonly untilMs: number }>();

/**
 * The file that runs for a command: what was checked is what is started.
 *
 * @param path the PATH of the environment it will run in, for the policy `open`
 * @returns an absolute path; with `open`, a command with a slash as it is
 * @throws ExecGoError `denied`, `not_found`
 */
export function resolveCommand(policy: ShellPolicy, command: string, path: string): string {
  return policy === 'open' ? resolveOpen(command, path) : resolveAllowed(command);
}

/**
 * What a confinement is given to start for a command that `resolveCommand` lets run: its file; in a sandbox under the policy
 * `open` its name, since PATH may lead to less in there and counts in there.
 *
 * @throws as `resolveCommand`
 */
export function programFor(policy: ShellPolicy, confinement: Confinement, command: string, path: string): string {
  const file = resolveCommand(policy, command, path);
  return confinement.isolated && policy === 'open' ? command : file;
}

/**
 * Refuses variables that a task must not declare for its command.
 *
 * @throws ExecGoError `denied` for a reserved name and, with `allowlist`, for one that makes a listed command run other code;
 * `invalid_input` for what no environment can hold
 */
export function checkCommandVariables(policy: ShellPolicy, env: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(env ?? {})) {
    checkVariable(name, value);
    if (policy === 'allowlist' && LOADER_VARIABLES.test(name)) {
      throw new ExecGoError('denied', `env.${name}: would make a listed command run other code`);
    }
  }
}

function resolveAllowed(command: string): string {
  const name = basename(command);
  if (!ALLOWED_COMMANDS.has(name)) throw notAllowed(command);
  // A slash names a file, which must be the very one that the name stands for.
  if (name !== command && !COMMAND_FOLDERS.includes(dirname(command))) throw notAllowed(command);
  const lately = foundLately.get(command);
  if (lately !== undefined && lately.untilMs > performance.now()) return lately.file;
  const file = name === command ? findIn(COMMAND_FOLDERS, name) : isExecutable(command) ? command : undefined;
  if (file === undefined) throw new ExecGoError('not_found', `command not found: ${command}`);
  foundLately.set(command, { file, untilMs: performance.now() + FOUND_FOR_MS });
  return file;
}

function resolveOpen(command: string, path: string): string {
  if (basename(command) !== command) return command;
  const found = findIn(path.split(delimiter), command);
  if (found === undefined) throw new ExecGoError('not_found', `command not found: ${command}`);
  return found;
}

function notAllowed(command: string): ExecGoError {
  const hint = /\s/.test(command) ? ' (arguments go into args)' : '';
  return new ExecGoError(
    'denied',
    `command ${JSON.stringify(command)} is not on the allowlist${hint}; allowed are ${[...ALLOWED_COMMANDS].join(' ')}, ` +
      'and any with EXECGO_SHELL_POLICY=open',
  );
}

function findIn(folders: readonly string[], name: string): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`, name] : [name];
  for (const folder of folders) {
    // An empty entry of PATH would mean the current folder.
    if (folder === '') continue;
    const file = names.map((candidate) => join(folder, candidate)).find(isExecutable);
    if (file !== undefined) return file;
  }
  return undefined;
}

function isExecutable(file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
