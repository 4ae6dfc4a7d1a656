import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, processStat } from '../proc.js';
import { signalGroup } from '../process-group.js';
import type { ProcessExit } from '../process-tree.js';

const FIRST_POLL_MS = 1;
const SLOWEST_POLL_MS = 25;
/** Shells and launchers tell of a program that a signal ended by 128 + its number. */
const SIGNAL_BASE = 128;
/** Signals that do not end a program that has not asked for it. */
const HARMLESS = ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGWINCH'];
/** By number; of two names for one signal the first, as Node has it. */
const FATAL = new Map(
  Object.entries(constants.signals)
    .filter(([name]) => !HARMLESS.includes(name))
    .map(([name, number]) => [number, name as NodeJS.Signals] as const)
    .reverse(),
);

/**
 * What runs in a sandbox, seen from outside. Its first process is pid 1 of a pid namespace and leads a session with the
 * program in it: when that process dies, the kernel kills all others in the namespace, and it counts as dead only after them.
 */
export class Launched {
  /** Resolves when its first process is known, or when there will never be one. */
  readonly told: Promise<void>;
  /** Resolves when the launcher has said all that it will. */
  readonly ended: Promise<void>;
  private init: { readonly pid: number; readonly startTime: string } | undefined;
  private exitStatus: number | undefined;
  private unread = '';

  /**
   * @param launcher pid of the process that made the sandbox
   * @param status what it tells: JSON documents, one a line
   */
  constructor(
    private readonly launcher: number,
    status: Readable,
  ) {
    let tell: () => void = () => undefined;
    this.told = new Promise((resolve) => {
      tell = resolve;
    });
    this.ended = new Promise((resolve) => {
      status.once('close', () => {
        tell();
        resolve();
      });
    });
    // Ends as its end does: the exit of the launcher says the rest.
    status.on('error', () => undefined);
    status.on('data', (chunk: Buffer) => {
      this.unread += chunk.toString('latin1');
      const lines = this.unread.split('\n');
      this.unread = lines.pop() ?? '';
      for (const line of lines) this.read(line);
      if (this.init !== undefined) tell();
    });
  }

  /** How the program ended, from how its launcher ended. */
  exitOf(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
    if (this.exitStatus !== undefined) return exitFromStatus(this.exitStatus);
    if (code === null) return { code, signal };
    // Without a status of the program there was no program, unless all of it was killed before it began.
    return code > SIGNAL_BASE ? exitFromStatus(code) : { code, signal, neverStarted: true };
  }

  /** Sends a signal to the group of the program. @returns false when the program does not run (yet, or any more) */
  signal(signal: NodeJS.Signals): boolean {
    return this.isAlive() && this.hasProgram() && this.init !== undefined && signalGroup(this.init.pid, signal);
  }

  /** Kills everything in the sandbox. */
  kill(): void {
    if (this.init === undefined || !this.isAlive()) return;
    try {
      process.kill(this.init.pid, 'SIGKILL');
    } catch {
      // ESRCH: it has ended meanwhile.
    }
  }

  /** Resolves to the pids that are still there after `timeoutMs`, mostly none and at once. */
  async survivors(timeoutMs: number): Promise<readonly number[]> {
    const deadline = performance.now() + timeoutMs;
    for (
      let pause = FIRST_POLL_MS;
      this.init !== undefined && this.isAlive();
      pause = Math.min(2 * pause, SLOWEST_POLL_MS)
    ) {
      if (performance.now() >= deadline) return [this.init.pid];
      await delay(pause);
    }
    return [];
  }

  private read(line: string): void {
    const [, status] = /"exit-code": (\d+)/.exec(line) ?? [];
    if (status !== undefined) this.exitStatus = Number(status);
    const pid = Number(/"child-pid": (\d+)/.exec(line)?.[1]);
    if (Number.isNaN(pid)) return;
    const stat = processStat(pid);
    // One that ended so soon may have left its number to another already.
    if (stat?.parent === this.launcher) this.init = { pid, startTime: stat.startTime };
  }

  private isAlive(): boolean {
    const stat = this.init === undefined ? undefined : processStat(this.init.pid);
    return stat !== undefined && stat.startTime === this.init?.startTime && isRunning(stat);
  }

  /** False while the sandbox is still being made: its first process is deaf to every signal but SIGKILL. */
  private hasProgram(): boolean {
    const pid = this.init?.pid;
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1') !== '';
    } catch {
      // A kernel without that list: then a signal that comes too early is followed by the kill as any that is ignored.
      return true;
    }
  }
}

function exitFromStatus(status: number): ProcessExit {
  const signal = FATAL.get(status - SIGNAL_BASE);
  return signal === undefined ? { code: status, signal: null } : { code: null, signal };
}
