import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError, ExecGoError, errorMessage } from '@execgo/core';
import { RunGroups } from '../cgroup/run-groups.js';
import { type Confinement, plainConfinement } from '../confinement.js';
import { limitTool } from '../resource-limits.js';
import { Bubblewrap, type BwrapFeatures, DEFAULT_SCRATCH_BYTES } from './bubblewrap.js';
import { tryFolders, tryToEscape } from './escape-attempt.js';
import { SYSTEM_FOLDERS } from './system-folders.js';
import { isWithin, visibleFolders } from './visible-folders.js';

export const SANDBOX_MODES = ['auto', 'required', 'off'] as const;
export type SandboxMode = (typeof SANDBOX_MODES)[number];

export interface SandboxOptions {
  /**
   * `auto`: bubblewrap where it holds, else no sandbox, with the reason in the state. `required`: bubblewrap or an error.
   * `off`: no sandbox.
   * @default 'auto'
   */
  readonly mode?: SandboxMode;
  /** Folders that commands are going to write to: tried at once. @default none */
  readonly writable?: readonly string[];
  /** What every command is shown beside the system, read-only. @default none */
  readonly readable?: readonly string[];
  /** What no command is given to write, nor to read by way of a folder that holds it; need not exist. @default none */
  readonly protectedPaths?: readonly string[];
  /** False: no command gets a network; that needs a sandbox. @default true */
  readonly network?: boolean;
  /** Bytes that each private folder of a sandbox (/tmp, /dev/shm, the home) may hold, in memory. @default 512 MiB */
  readonly scratchBytes?: number;
  /** Folders in which `bwrap` is looked for, as in PATH. @default PATH of this process */
  readonly path?: string;
}

/** What was asked for and what holds, for an operator. */
export interface SandboxState {
  readonly setting: SandboxMode;
  readonly in_force: 'bubblewrap' | 'none';
  /** False: no command gets a network. */
  readonly network: boolean;
  /** How memory and numbers of processes are bounded where a task asks for it; `none` is told by every run, too. */
  readonly limits: { readonly memory_bytes: LimitedBy; readonly pids_max: LimitedBy };
  /** Why there is no sandbox though one was wanted. */
  readonly reason?: string;
}

export type LimitedBy = 'cgroup' | 'rlimit' | 'none';

export interface Sandbox {
  readonly confinement: Confinement;
  readonly state: SandboxState;
}

/**
 * The confinement of commands on this machine. A sandbox counts only after a program in it has tried to get out and has not:
 * to see this process, to write elsewhere, to reach a port of this machine without a network.
 *
 * @throws ExecGoError `sandbox_setup_failed` saying what to do, when a sandbox is required, or needed for `network: false`, and
 * does not hold
 * @throws ConfigError for a bad option
 */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { mode = 'auto', network = true } = options;
  if (!SANDBOX_MODES.includes(mode)) throw new ConfigError('mode', `one of ${SANDBOX_MODES.join(', ')}`, mode);
  const groups = await RunGroups.open();
  const state = { setting: mode, network, limits: limitedBy(groups) };
  let reason: string | undefined;
  if (mode !== 'off') {
    try {
      const confinement = await openBubblewrap(options, groups);
      return { confinement, state: { ...state, in_force: 'bubblewrap' } };
    } catch (error) {
      if (mode === 'required') throw error;
      reason = errorMessage(error);
    }
  }
  if (!network) {
    const why = reason ?? 'the sandbox is switched off';
    throw new ExecGoError('sandbox_setup_failed', `commands cannot be kept from the network without a sandbox: ${why}`);
  }
  const confinement = plainConfinement(groups);
  return { confinement, state: { ...state, in_force: 'none', ...(reason !== undefined && { reason }) } };
}

async function openBubblewrap(options: SandboxOptions, groups: RunGroups | undefined): Promise<Confinement> {
  const {
    writable = [],
    readable = [],
    protectedPaths = [],
    network = true,
    scratchBytes = DEFAULT_SCRATCH_BYTES,
  } = options;
  if (!Number.isSafeInteger(scratchBytes) || scratchBytes < 1) {
    throw new ConfigError('scratchBytes', 'a positive integer', scratchBytes);
  }
  const bwrap = findBwrap(options.path ?? process.env.PATH ?? '');
  // Says what is wrong with the folders before anything is tried.
  visibleFolders(writable, readable, protectedPaths);
  const features = await workingFeatures(bwrap);
  const common = { bwrap, features, readable, protectedPaths, scratchBytes, groups, home: privateHome() };
  const confinement = new Bubblewrap({ ...common, network });
  await tryFolders(confinement, writable);
  return confinement;
}

function findBwrap(path: string): string {
  if (process.platform !== 'linux') throw failed('bubblewrap runs on Linux alone');
  const found = path
    .split(':')
    .filter(isAbsolute)
    .map((folder) => join(folder, 'bwrap'))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw failed(
    'bwrap is not installed; install the package bubblewrap (apt-get install bubblewrap), or set --sandbox off',
  );
}

const working = new Map<string, Promise<BwrapFeatures>>();

/** The most that works here, tried once in the life of this process. */
function workingFeatures(bwrap: string): Promise<BwrapFeatures> {
  let known = working.get(bwrap);
  if (known === undefined) {
    known = firstThatHolds(bwrap);
    working.set(bwrap, known);
    known.catch(() => working.delete(bwrap));
  }
  return known;
}

async function firstThatHolds(bwrap: string): Promise<BwrapFeatures> {
  const { stdout: help } = await promisify(execFile)(bwrap, ['--help'], { env: {} });
  const size = help.includes('--size ');
  const variants: readonly BwrapFeatures[] = [
    ...(help.includes('--disable-userns') ? [{ user: true, disableUserns: true, size }] : []),
    { user: true, disableUserns: false, size },
    { user: false, disableUserns: false, size },
  ];
  const problems: string[] = [];
  for (const features of variants) {
    try {
      await tryToEscape((readable) => {
        const bounds = {
          readable,
          protectedPaths: [],
          network: true,
          scratchBytes: DEFAULT_SCRATCH_BYTES,
          home: undefined,
        };
        return new Bubblewrap({ bwrap, features, groups: undefined, ...bounds });
      });
      return features;
    } catch (error) {
      problems.push(errorMessage(error));
    }
  }
  throw failed(
    `bubblewrap does not work here (${problems.at(-1)}); allow user namespaces for this user, or, in a container, give it ` +
      'what bubblewrap needs (SECURITY.md), or set --sandbox off',
  );
}

/** HOME of this process, where it is a place of its own. */
function privateHome(): string | undefined {
  const home = process.env.HOME;
  if (home === undefined || !/^\/[^/]/.test(home) || home.includes('/..')) return undefined;
  const isSystem = SYSTEM_FOLDERS.some((folder) => isWithin(home, folder) || isWithin(folder, home));
  return isSystem || isWithin('/tmp', home) || isWithin('/run', home) ? undefined : home;
}

function limitedBy(groups: RunGroups | undefined): SandboxState['limits'] {
  const { prlimit, holdsPids } = limitTool();
  const rlimit = prlimit === undefined ? 'none' : 'rlimit';
  return {
    memory_bytes: groups?.controllers.includes('memory') ? 'cgroup' : rlimit,
    pids_max: groups?.controllers.includes('pids') ? 'cgroup' : holdsPids ? rlimit : 'none',
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function failed(problem: string): ExecGoError {
  return new ExecGoError('sandbox_setup_failed', problem);
}
