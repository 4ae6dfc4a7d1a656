import { countOwnThreads, limitTool, type ResourceLimits, withLimits } from './resource-limits.js';

/** A command before it is confined: argv, never a line for a shell. */
export interface Command {
  /** Absolute path, or a name that is looked up in the PATH of `env`. */
  readonly file: string;
  readonly args: readonly string[];
  /** Working directory. Default: this process's. */
  readonly cwd?: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** False asks for a run without network; a confinement that cannot do so must refuse. */
  readonly network?: boolean;
}

/** What is really spawned. */
export interface ConfinedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** The limits that hold; the others were asked for and are not enforced here. */
  readonly effective: ResourceLimits;
  /** True when every descendant dies with the first process, so that none has to be looked for. */
  readonly contained: boolean;
}

/** Maps a command to the command that runs it within bounds: as it is, or inside a sandbox. */
export interface Confinement {
  /** Names it to users: `none`, `bubblewrap`. */
  readonly name: string;
  /** Whether it is a boundary: what runs inside reaches only what it was given. */
  readonly isolated: boolean;
  /** @throws ExecGoError `sandbox_setup_failed` when it cannot confine as asked */
  confine(command: Command): Promise<ConfinedCommand>;
}

/** No boundary: resource limits by prlimit where it is installed, nothing else. */
export const noConfinement: Confinement = {
  name: 'none',
  isolated: false,
  async confine(command) {
    const { limits, env, cwd } = command;
    const pidsNow = limits.pids_max === undefined ? 0 : await countOwnThreads();
    const limited = withLimits(command, limits, limitTool(), pidsNow);
    return {
      file: limited.file,
      args: limited.args,
      ...(cwd === undefined ? {} : { cwd }),
      env,
      effective: limited.effective,
      contained: false,
    };
  },
};
