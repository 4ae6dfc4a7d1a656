import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { ExecGoError, errorMessage } from '@execgo/core';
import type { ConfinedCommand } from './confinement.js';
import { groupExists, groupGone, hasGroups, signalGroup } from './process-group.js';
import { RUN_VARIABLE } from './run-marker.js';
import { childEnded, childStarted, killUntilGone, StraySearch } from './strays.js';

/** How long a group has between SIGTERM and SIGKILL. */
export const DEFAULT_KILL_AFTER_MS = 2_000;
/** How long a killed group may take to be gone before it counts as a survivor. */
const KILLED_WITHIN_MS = 5_000;

/** How a process ended. */
export interface ProcessExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Whether its stdin is a pipe (`stdin`); otherwise it is empty. */
  readonly stdin?: boolean;
}

/**
 * A process in a group and session of its own, with everything it starts. It runs from `start` until `exited` resolves; what
 * is left of it then is ended by `endRest`, and all of it at any time by `end`. Call one of the two: a tree that nobody ends
 * outlives this process.
 */
export class ProcessTree {
  readonly pid: number;
  /** Undefined unless asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its first process has ended. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** `exited`, and both output streams have come to their end: nobody holds them open any more. Never rejects. */
  readonly closed: Promise<void>;
  private readonly strays: StraySearch | undefined;
  private ending: Promise<readonly number[]> | undefined;
  private hasExited = false;

  private constructor(child: StartedChild, command: ConfinedCommand) {
    this.pid = child.pid;
    this.stdin = child.stdin ?? undefined;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    childStarted(this.pid);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.hasExited = true;
        childEnded(this.pid);
        resolve({ code, signal });
      });
    });
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
    const marker = command.env[RUN_VARIABLE];
    if (marker !== undefined && !command.contained) this.strays = new StraySearch(marker, this.pid);
  }

  /**
   * Starts a command. Resolves once it runs.
   *
   * @throws ExecGoError `not_found` when there is no such program, `launch_failed` when it cannot be started
   */
  static async start(command: ConfinedCommand, options: StartOptions = {}): Promise<ProcessTree> {
    let child: ChildProcess;
    try {
      child = spawn(command.file, command.args, {
        cwd: command.cwd,
        env: command.env,
        detached: hasGroups,
        stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        windowsHide: true,
      });
    } catch (error) {
      throw launchError(error, command);
    }
    if (!isStarted(child)) {
      const error = await new Promise((resolve) => child.once('error', resolve));
      throw launchError(error, command);
    }
    // After a start only a failed kill can emit this, and those are looked at where they are made.
    child.on('error', () => undefined);
    return new ProcessTree(child, command);
  }

  /** Sends a signal to the whole group. */
  signal(signal: NodeJS.Signals): void {
    signalGroup(this.pid, signal);
  }

  /**
   * Ends everything: SIGTERM to the group, SIGKILL to what is left of it after `killAfterMs`, and to what left the group.
   * Resolves when nothing runs any more; calls share one end.
   *
   * @returns the pids of what cannot be ended, normally none
   */
  end(killAfterMs: number = DEFAULT_KILL_AFTER_MS): Promise<readonly number[]> {
    this.ending ??= this.endAll(killAfterMs);
    return this.ending;
  }

  /** After `exited`: kills at once what the first process left behind, in the group and out of it. @returns as `end` */
  endRest(): Promise<readonly number[]> {
    this.ending ??= this.killRest();
    return this.ending;
  }

  private async endAll(killAfterMs: number): Promise<readonly number[]> {
    signalGroup(this.pid, 'SIGTERM');
    // A stopped process would see the SIGTERM only when it goes on.
    signalGroup(this.pid, 'SIGCONT');
    await groupGone(this.pid, killAfterMs);
    return this.killRest();
  }

  private async killRest(): Promise<readonly number[]> {
    if (this.hasExited && this.strays?.isAlone()) return [];
    let survivors: readonly number[] = [];
    // Once the leader was reaped and the group is empty, the number may be another's: then it must not be signalled again.
    if (groupExists(this.pid)) {
      signalGroup(this.pid, 'SIGKILL');
      if (!(await groupGone(this.pid, KILLED_WITHIN_MS))) survivors = [this.pid];
    }
    // The group's end and its leader's exit event come through different channels.
    if (survivors.length === 0 && !this.hasExited) await this.exited;
    const { strays } = this;
    return strays === undefined ? survivors : [...survivors, ...(await killUntilGone(() => strays.find()))];
  }
}

type StartedChild = ChildProcess & { readonly pid: number; readonly stdout: Readable; readonly stderr: Readable };

function isStarted(child: ChildProcess): child is StartedChild {
  return child.pid !== undefined && child.stdout !== null && child.stderr !== null;
}

function launchError(error: unknown, command: ConfinedCommand): ExecGoError {
  const { code } = error as NodeJS.ErrnoException;
  if (
    code === 'ENOENT' &&
    command.cwd !== undefined &&
    statSync(command.cwd, { throwIfNoEntry: false }) === undefined
  ) {
    return new ExecGoError('not_found', `working directory not found: ${command.cwd}`, { cause: error });
  }
  if (code === 'ENOENT') return new ExecGoError('not_found', `command not found: ${command.file}`, { cause: error });
  return new ExecGoError('launch_failed', `cannot start ${command.file}: ${errorMessage(error)}`, {
    cause: error,
    // EAGAIN, EMFILE, ENFILE, ENOMEM: this machine is short of something at this moment.
    retryable: code === 'EAGAIN' || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM',
  });
}
