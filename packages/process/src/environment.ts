import { ExecGoError } from '@execgo/core';
import { RUN_VARIABLE, runMarker } from './run-marker.js';

/** The server's own variables that a child gets to see: what a program needs to work, and nothing that could be a secret. */
const INHERITED: readonly string[] =
  process.platform === 'win32'
    ? ['PATH', 'HOME', 'LANG', 'TZ', 'SystemRoot', 'ComSpec', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE']
    : ['PATH', 'HOME', 'LANG', 'TZ'];

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
/** Names of this beginning are ExecGo's: a server may keep its token in one, and a run is found by another. */
const RESERVED = /^EXECGO_/i;

export interface RunIdentity {
  /** `storeId/task/attempt` */
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
}

export interface EnvironmentOptions {
  /** Absent for a process that belongs to no run. */
  readonly identity?: RunIdentity;
  /** Variables the task declares; they win over inherited ones. */
  readonly declared?: Readonly<Record<string, string>>;
  /**
   * Pass on the server's whole environment, except what begins with EXECGO_.
   * @default false
   */
  readonly inherit?: boolean;
}

/**
 * The environment of a child: PATH, HOME, LANG and TZ of this process, EXECGO_RUN, EXECGO_TASK_ID and EXECGO_ATTEMPT of the
 * run, and what is declared. Nothing else of this process gets through.
 *
 * @throws ExecGoError `invalid_input` for a declared name or value that no environment can hold, `denied` for a reserved name
 */
export function childEnvironment(options: EnvironmentOptions): Record<string, string> {
  const environment: Record<string, string> = Object.create(null);
  if (options.identity !== undefined) addIdentity(environment, options.identity);
  for (const name of options.inherit ? Object.keys(process.env) : INHERITED) {
    const value = process.env[name];
    if (value !== undefined && !RESERVED.test(name)) environment[name] = value;
  }
  environment.PATH ??= DEFAULT_PATH;
  for (const [name, value] of Object.entries(options.declared ?? {})) {
    checkVariable(name, value);
    environment[name] = value;
  }
  return environment;
}

/** @throws as `childEnvironment` */
export function checkVariable(name: string, value: string): void {
  if (name === '' || /[=\0]/.test(name)) {
    throw new ExecGoError(
      'invalid_input',
      `env: ${JSON.stringify(name)} cannot be the name of an environment variable`,
    );
  }
  if (value.includes('\0')) {
    throw new ExecGoError('invalid_input', `env.${name}: an environment variable cannot hold a NUL character`);
  }
  if (RESERVED.test(name))
    throw new ExecGoError('denied', `env.${name}: names beginning with EXECGO_ are set by ExecGo alone`);
}

function addIdentity(environment: Record<string, string>, identity: RunIdentity): void {
  environment[RUN_VARIABLE] = runMarker(identity.runId);
  environment.EXECGO_ATTEMPT = String(identity.attempt);
  // An id from an older state file may be one that no environment can hold.
  if (!identity.taskId.includes('\0') && identity.taskId.length <= 1024) environment.EXECGO_TASK_ID = identity.taskId;
}
