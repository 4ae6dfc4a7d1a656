import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { openSync, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecGoError, errorMessage } from '@execgo/core';
import type { ConfinedCommand, Launcher } from './confinement.js';
import { groupExists, groupGone, hasGroups, signalGroup } from './process-group.js';
import { RUN_VARIABLE } from './run-marker.js';
import { Launched } from './sandbox/launched.js';
import { childEnded, childStarted, killUntilGone, StraySearch } from './strays.js';

/** How long a group has between SIGTERM and SIGKILL. */
export const DEFAULT_KILL_AFTER_MS = 2_000;
/** How long a killed group may take to be gone before it counts as a survivor. */
const KILLED_WITHIN_MS = 5_000;
/** How long a launcher may take to notice that its sandbox is gone. */
const LAUNCHER_ENDS_WITHIN_MS = 1_000;

/** How a process ended. */
export interface ProcessExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** There was no program: the sandbox for it could not be made, or it could not be started in it. `launchFailure` says why. */
  readonly neverStarted?: true;
}

export interface StartOptions {
  /** Whether its stdin is a pipe (`stdin`); otherwise it is empty. */
  readonly stdin?: boolean;
}

/** Descriptors of a launcher: what it is to do, and what it tells. */
const LAUNCHER_INPUT = 3;
const LAUNCHER_STATUS = 4;

/**
 * A process in a group and session of its own, with everything it starts, in a sandbox or not. It runs from `start` until `exited` resolves; what
 * is left of it then is ended by `endRest`, and all of it at any time by `end`. Call one of the two: a tree that nobody ends
 * outlives this process.
 */
export class ProcessTree {
  readonly pid: number;
  /** Undefined unless asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its first process has ended; in a sandbox, the program. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** `exited`, and both output streams have come to their end: nobody holds them open any more. Never rejects. */
  readonly closed: Promise<void>;
  private readonly strays: StraySearch | undefined;
  private readonly launched: Launched | undefined;
  private ending: Promise<readonly number[]> | undefined;
  private hasExited = false;

  private constructor(
    child: StartedChild,
    private readonly command: ConfinedCommand,
  ) {
    this.pid = child.pid;
    this.stdin = child.stdin ?? undefined;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    childStarted(this.pid);
    const launched = command.launcher === undefined ? undefined : launchedBy(child, command.launcher);
    this.launched = launched;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.hasExited = true;
        childEnded(this.pid);
        if (launched === undefined) resolve({ code, signal });
        else void launched.ended.then(() => resolve(launched.exitOf(code, signal)));
      });
    });
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
    const marker = command.env[RUN_VARIABLE];
    if (marker !== undefined && !command.contained) this.strays = new StraySearch(marker, this.pid);
  }

  /**
   * Starts a command. Resolves once it runs; with a sandbox, once the sandbox is being made: whether the program could be
   * started in it is told by `exited`.
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
        stdio: stdioOf(command.launcher, options.stdin ?? false),
        windowsHide: true,
      });
    } catch (error) {
      await command.group?.end();
      throw launchError(error, command);
    }
    if (!isStarted(child)) {
      const error = await new Promise((resolve) => child.once('error', resolve));
      await command.group?.end();
      throw launchError(error, command);
    }
    // After a start only a failed kill can emit this, and those are looked at where they are made.
    child.on('error', () => undefined);
    return new ProcessTree(child, command);
  }

  /** After `end` or `endRest`: whether the kernel ended a process of it because its memory limit was reached. */
  get ranOutOfMemory(): boolean {
    return this.command.group?.ranOutOfMemory ?? false;
  }

  /** Sends a signal to the whole group; in a sandbox, to that of the program. */
  signal(signal: NodeJS.Signals): void {
    if (this.launched === undefined) signalGroup(this.pid, signal);
    else this.launched.signal(signal);
  }

  /**
   * Ends everything: SIGTERM to the group, SIGKILL to what is left of it after `killAfterMs`, and to what left the group.
   * Resolves when nothing runs any more; calls share one end.
   *
   * @returns the pids of what cannot be ended, normally none
   */
  end(killAfterMs: number = DEFAULT_KILL_AFTER_MS): Promise<readonly number[]> {
    this.ending ??= this.terminate(killAfterMs).then(() => this.killRest());
    return this.ending;
  }

  /** After `exited`: kills at once what the first process left behind, in the group and out of it. @returns as `end` */
  endRest(): Promise<readonly number[]> {
    this.ending ??= this.killRest();
    return this.ending;
  }

  private async terminate(killAfterMs: number): Promise<void> {
    const { launched } = this;
    if (launched === undefined) {
      signalGroup(this.pid, 'SIGTERM');
      // A stopped process would see the SIGTERM only when it goes on.
      signalGroup(this.pid, 'SIGCONT');
      await groupGone(this.pid, killAfterMs);
      return;
    }
    await launched.told;
    if (!launched.signal('SIGTERM')) return;
    launched.signal('SIGCONT');
    const patience = new AbortController();
    const timeout = delay(killAfterMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.exited, timeout]);
    patience.abort();
  }

  private async killRest(): Promise<readonly number[]> {
    const survivors = this.launched === undefined ? await this.killGroup() : await this.killSandbox(this.launched);
    const { group } = this.command;
    return group === undefined ? survivors : [...new Set([...survivors, ...(await group.end())])];
  }

  private async killSandbox(launched: Launched): Promise<readonly number[]> {
    await launched.told;
    launched.kill();
    const survivors = await launched.survivors(KILLED_WITHIN_MS);
    if (!this.hasExited) {
      // It ends by itself when what it made has ended, unless somebody stopped it.
      if (survivors.length === 0) await Promise.race([this.exited, delay(LAUNCHER_ENDS_WITHIN_MS)]);
      if (!this.hasExited) signalGroup(this.pid, 'SIGKILL');
    }
    if (survivors.length === 0) await this.exited;
    return survivors;
  }

  private async killGroup(): Promise<readonly number[]> {
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

/** Stands in for descriptors that a sandbox must not get. */
let nothing: number | undefined;

type StartedChild = ChildProcess & { readonly pid: number; readonly stdout: Readable; readonly stderr: Readable };

function isStarted(child: ChildProcess): child is StartedChild {
  return child.pid !== undefined && child.stdout !== null && child.stderr !== null;
}

function stdioOf(launcher: Launcher | undefined, hasStdin: boolean): StdioOptions {
  const stdio: ('pipe' | 'ignore' | number)[] = [hasStdin ? 'pipe' : 'ignore', 'pipe', 'pipe'];
  if (launcher === undefined) return stdio;
  for (const descriptor of launcher.keepOut) {
    nothing ??= openSync('/dev/null', 'r');
    stdio[descriptor] = nothing;
  }
  stdio[LAUNCHER_INPUT] = 'pipe';
  stdio[LAUNCHER_STATUS] = 'pipe';
  // A gap means that nothing is there.
  return Array.from(stdio, (entry) => entry ?? 'ignore');
}

function launchedBy(child: StartedChild, launcher: Launcher): Launched {
  const input = child.stdio[LAUNCHER_INPUT] as Writable;
  // EPIPE: it ended before it had read all; how it ended tells why.
  input.on('error', () => undefined);
  input.end(launcher.input);
  return new Launched(child.pid, child.stdio[LAUNCHER_STATUS] as Readable);
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
