import { ExecGoError } from '@execgo/core';
import { enteringGroup } from './cgroup/enter-group.js';
import type { RunGroup, RunGroups } from './cgroup/run-groups.js';
import { countOwnThreads, limitTool, type ResourceLimits, withLimits } from './resource-limits.js';

/** A command before it is confined: argv, never a line for a shell. */
export interface Command {
  /** Absolute path, or a name that is looked up in the PATH of `env`. */
  readonly file: string;
  readonly args: readonly string[];
  /** Working directory. Default: this process's; in a sandbox, the first folder of `writable`, else `/`. */
  readonly cwd?: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** False asks for a run without network; a confinement that cannot do so refuses. @default what the confinement allows */
  readonly network?: boolean;
  /** Folders that a sandbox shows it, at their own real paths, to read and write. Without a sandbox this bounds nothing. */
  readonly writable?: readonly string[];
  /** Folders and files that a sandbox shows it beside those of the system, read-only. Without a sandbox this bounds nothing. */
  readonly readable?: readonly string[];
}

/** What is really spawned. Give it to `ProcessTree.start`, which cleans up after it, or else end its `group`. */
export interface ConfinedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** The limits that hold; the others were asked for and are not enforced here. */
  readonly effective: ResourceLimits;
  /** Whether it can reach a network. @default true */
  readonly network?: boolean;
  /** True when every descendant dies with the first process, so that none has to be looked for. */
  readonly contained: boolean;
  /** Set where the first process is not the program itself. */
  readonly launcher?: Launcher;
  /** Made for this one run. */
  readonly group?: RunGroup;
}

/** A first process that makes a sandbox, starts the program in it, and ends when that ends. */
export interface Launcher {
  /** What it reads from descriptor 3. To descriptor 4 it writes `child-pid` and `exit-code` as bubblewrap's status does. */
  readonly input: string;
  /** Open descriptors of this process that it would inherit, and must not. */
  readonly keepOut: readonly number[];
}

/** Maps a command to the command that runs it within bounds: as it is, or inside a sandbox. */
export interface Confinement {
  /** Names it to users: `none`, `bubblewrap`. */
  readonly name: string;
  /** Whether it is a boundary: what runs inside reaches only what it was given. */
  readonly isolated: boolean;
  /** False when no command gets a network, whatever it asks for. @default true */
  readonly network?: boolean;
  /**
   * @throws ExecGoError `sandbox_setup_failed` when it cannot confine as asked, `denied` for a network that is not allowed,
   * `not_found` for a working directory that is not there
   */
  confine(command: Command): Promise<ConfinedCommand>;
}

/**
 * Refuses what a task asks of the network and would not get: it may ask for less than the server gives, never for more, and is
 * not told yes where it gets no.
 *
 * @throws ExecGoError `denied`
 */
export function checkNetwork(confinement: Confinement, requested: boolean | undefined): void {
  if (requested === false && !confinement.isolated) {
    throw new ExecGoError(
      'denied',
      'sandbox.network: this server runs without a sandbox and cannot cut off the network',
    );
  }
  if (requested === true && confinement.network === false) {
    throw new ExecGoError('denied', 'sandbox.network: this server runs all commands without network');
  }
}

/** No boundary: resource limits by prlimit where it is installed, nothing else. */
export const noConfinement: Confinement = plainConfinement();

/** No boundary, with limits by cgroup where there are `groups`, and by prlimit. */
export function plainConfinement(groups?: RunGroups): Confinement {
  return {
    name: 'none',
    isolated: false,
    async confine(command) {
      if (command.network === false) {
        throw new ExecGoError('sandbox_setup_failed', 'without a sandbox a command cannot be cut off from the network');
      }
      const { file, args, cwd, env, limits } = command;
      const limited = await limitedCommand({ file, args }, limits, groups, 0);
      return { ...limited, ...(cwd === undefined ? {} : { cwd }), env, contained: false };
    },
  };
}

interface Limited {
  readonly file: string;
  readonly args: readonly string[];
  readonly effective: ResourceLimits;
  readonly group?: RunGroup;
}

/**
 * Puts in front of a command what bounds it: a cgroup where it holds a limit, prlimit for the rest.
 *
 * @param extraPids processes that the command has besides those that the limit is for
 */
export async function limitedCommand(
  command: { readonly file: string; readonly args: readonly string[] },
  limits: ResourceLimits,
  groups: RunGroups | undefined,
  extraPids: number,
): Promise<Limited> {
  const group = groups?.make(limits, extraPids);
  const left = { ...limits };
  if (group?.holds.memory_bytes !== undefined) delete left.memory_bytes;
  if (group?.holds.pids_max !== undefined) delete left.pids_max;
  const pidsNow = left.pids_max === undefined ? 0 : (await countOwnThreads()) + extraPids;
  const { file, args, effective } = withLimits(command, left, limitTool(), pidsNow);
  if (group === undefined) return { file, args, effective };
  return { ...enteringGroup({ file, args }, group), effective: { ...effective, ...group.holds }, group };
}
