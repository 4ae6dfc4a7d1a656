import { realpathSync } from 'node:fs';
import { ExecGoError } from '@execgo/core';
import type { RunGroups } from '../cgroup/run-groups.js';
import { type Command, type ConfinedCommand, type Confinement, limitedCommand } from '../confinement.js';
import { RUN_VARIABLE } from '../run-marker.js';
import { inheritedDescriptors } from './inherited-descriptors.js';
import { systemArguments } from './system-folders.js';
import { isWithin, type VisibleFolder, visibleFolders } from './visible-folders.js';

/** Bytes that each private folder of a sandbox (/tmp, /dev/shm, the home) may hold, in memory. */
export const DEFAULT_SCRATCH_BYTES = 512 * 1024 * 1024;
/** bwrap and pid 1 of the sandbox, which a limit of processes counts too. */
const OWN_PROCESSES = 2;

/** What a version of bwrap, on this machine, can do besides what all can. */
export interface BwrapFeatures {
  /** Own user namespace. */
  readonly user: boolean;
  /** Forbids further user namespaces inside (0.8). */
  readonly disableUserns: boolean;
  /** Bounds private folders (0.7). */
  readonly size: boolean;
}

export interface BubblewrapOptions {
  /** Absolute path of the program `bwrap`. */
  readonly bwrap: string;
  readonly features: BwrapFeatures;
  /** What every command is shown beside the system, read-only. */
  readonly readable: readonly string[];
  /** What no command is given to write, nor to read by way of a folder that holds it. */
  readonly protectedPaths: readonly string[];
  /** False: no command gets a network. */
  readonly network: boolean;
  readonly scratchBytes: number;
  /** A private, empty folder is mounted there. */
  readonly home: string | undefined;
  readonly groups: RunGroups | undefined;
}

/**
 * Runs commands with bubblewrap: in pid, mount, ipc, uts and, where they work, user and cgroup namespaces of their own, without
 * capabilities, with the system's programs read-only and nothing else of this machine but the folders they are given.
 */
export class Bubblewrap implements Confinement {
  readonly name = 'bubblewrap';
  readonly isolated = true;
  readonly network: boolean;
  private readonly system = systemArguments();

  constructor(private readonly options: BubblewrapOptions) {
    this.network = options.network;
  }

  async confine(command: Command): Promise<ConfinedCommand> {
    const { options } = this;
    if (command.network === true && !options.network) {
      throw new ExecGoError('denied', 'network: this server runs commands without network');
    }
    const network = command.network ?? options.network;
    const readable = [...options.readable, ...(command.readable ?? [])];
    const folders = visibleFolders(command.writable ?? [], readable, options.protectedPaths);
    const cwd = command.cwd === undefined ? undefined : folderPath(command.cwd);
    const sandbox = [
      ...namespaceArguments(options.features, network),
      ...this.system,
      ...privateFolders(options, folders),
      ...folders.flatMap(({ path, writable }) => [writable ? '--bind' : '--ro-bind', path, path]),
      ...['--remount-ro', '/'],
      ...Object.entries(command.env).flatMap(([name, value]) => ['--setenv', name, value]),
      ...['--chdir', cwd ?? folders.find(({ writable }) => writable)?.path ?? '/'],
    ];
    const args = ['--args', '3', '--json-status-fd', '4', '--', command.file, ...command.args];
    const limited = await limitedCommand({ file: options.bwrap, args }, command.limits, options.groups, OWN_PROCESSES);
    const marker = command.env[RUN_VARIABLE];
    return {
      ...limited,
      // A variable of the task's would be heeded by the loader of what runs out here: they are set inside alone.
      env: marker === undefined ? {} : { [RUN_VARIABLE]: marker },
      cwd: '/',
      network,
      contained: true,
      launcher: { input: sandbox.map((argument) => `${argument}\0`).join(''), keepOut: inheritedDescriptors() },
    };
  }
}

function namespaceArguments(features: BwrapFeatures, network: boolean): readonly string[] {
  return [
    ...(features.user ? ['--unshare-user'] : []),
    ...(features.user && features.disableUserns ? ['--disable-userns'] : []),
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network ? [] : ['--unshare-net']),
    // Its own session keeps it from the terminal, and gives it a group to which signals can be sent.
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
  ];
}

/**
 * /proc is remounted: its settings of the kernel are open to uid 0, with capabilities or without. What lies in memory is
 * bounded, since nobody counts it otherwise.
 */
function privateFolders(options: BubblewrapOptions, folders: readonly VisibleFolder[]): readonly string[] {
  const scratch = (path: string) => [
    ...(options.features.size ? ['--size', String(options.scratchBytes)] : []),
    ...['--tmpfs', path],
  ];
  const { home } = options;
  const hasHome = home !== undefined && !folders.some(({ path }) => isWithin(home, path));
  return [
    ...['--proc', '/proc', '--remount-ro', '/proc'],
    ...['--dev', '/dev', ...scratch('/dev/shm'), '--remount-ro', '/dev'],
    ...scratch('/tmp'),
    ...['--dir', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp'],
    ...(hasHome ? scratch(home) : []),
  ];
}

/** Where a folder lies, also one that is held and named by its descriptor. */
function folderPath(cwd: string): string {
  try {
    return realpathSync.native(cwd);
  } catch (cause) {
    throw new ExecGoError('not_found', `working directory not found: ${cwd}`, { cause });
  }
}
