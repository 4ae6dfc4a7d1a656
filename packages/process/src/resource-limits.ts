import { accessSync, constants } from 'node:fs';
import { ExecGoError } from '@execgo/core';
import { hasProc, ownProcesses, processStat } from './proc.js';

/** Bytes of output, both streams together, after which a run is ended. */
export const DEFAULT_OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** What bounds a run, by the names of the wire. Absent: not bounded. */
export interface ResourceLimits {
  /** Milliseconds from its start; then it is ended with `timeout`. */
  readonly wall_time_ms?: number;
  /** Seconds of CPU time for each of its processes (RLIMIT_CPU). */
  readonly cpu_time_sec?: number;
  /** Address space of each of its processes (RLIMIT_AS). */
  readonly memory_bytes?: number;
  /** Processes and threads that may be added to those of this user (RLIMIT_NPROC); the kernel does not hold root to it. */
  readonly pids_max?: number;
  /** Bytes of stdout and stderr together; then it is ended with `resource_limit_exceeded`. */
  readonly output_max_bytes?: number;
}

/** How limits are put on a process before it starts. */
export interface LimitTool {
  /** Absolute path of util-linux's prlimit; undefined where there is none. */
  readonly prlimit: string | undefined;
  /** Whether RLIMIT_NPROC holds: not for root. */
  readonly holdsPids: boolean;
}

/** A command with what sets its limits in front, and the limits that this enforces. */
export interface LimitedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly effective: ResourceLimits;
}

const PRLIMIT_PATHS = ['/usr/bin/prlimit', '/bin/prlimit'];
let known: LimitTool | undefined;

/** What this machine has; looked for once. */
export function limitTool(): LimitTool {
  known ??= { prlimit: PRLIMIT_PATHS.find(isExecutable), holdsPids: process.geteuid?.() !== 0 };
  return known;
}

/**
 * Wraps a command in prlimit where cpu, memory or pids are asked for and can be enforced. Wall time and output are counted by
 * whoever runs the command.
 *
 * @param pidsNow processes and threads of this user at this moment, which RLIMIT_NPROC counts too
 */
export function withLimits(
  command: { readonly file: string; readonly args: readonly string[] },
  limits: ResourceLimits,
  tool: LimitTool,
  pidsNow: number,
): LimitedCommand {
  const { wall_time_ms, output_max_bytes } = limits;
  const watched = {
    ...(wall_time_ms === undefined ? {} : { wall_time_ms }),
    ...(output_max_bytes === undefined ? {} : { output_max_bytes }),
  };
  if (tool.prlimit === undefined) return { ...command, effective: watched };
  const flags: string[] = [];
  const enforced: { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] } = watched;
  if (limits.cpu_time_sec !== undefined) {
    // One second between the soft and the hard limit: SIGXCPU, which tells what happened, comes before SIGKILL.
    flags.push(`--cpu=${limits.cpu_time_sec}:${limits.cpu_time_sec + 1}`);
    enforced.cpu_time_sec = limits.cpu_time_sec;
  }
  if (limits.memory_bytes !== undefined) {
    flags.push(`--as=${limits.memory_bytes}`);
    enforced.memory_bytes = limits.memory_bytes;
  }
  if (limits.pids_max !== undefined && tool.holdsPids) {
    flags.push(`--nproc=${pidsNow + limits.pids_max}`);
    enforced.pids_max = limits.pids_max;
  }
  if (flags.length === 0) return { ...command, effective: enforced };
  return { file: tool.prlimit, args: [...flags, '--', command.file, ...command.args], effective: enforced };
}

/** Processes and threads of this user. */
export async function countOwnThreads(): Promise<number> {
  let threads = processStat(process.pid)?.threads ?? 0;
  if (!hasProc) return threads;
  for await (const pid of ownProcesses()) threads += processStat(pid)?.threads ?? 0;
  return threads;
}

/** Without the members that are undefined, as an optional field of an input leaves them; undefined for none at all. */
export function definedLimits(
  limits: { readonly [K in keyof ResourceLimits]: ResourceLimits[K] | undefined } | undefined,
): ResourceLimits | undefined {
  if (limits === undefined) return undefined;
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** The stricter of two sets of limits, limit by limit. */
export function strictestLimits(left: ResourceLimits, right: ResourceLimits): ResourceLimits {
  const limits: Partial<Record<keyof ResourceLimits, number>> = { ...left };
  for (const [name, value] of Object.entries(right) as [keyof ResourceLimits, number | undefined][]) {
    if (value !== undefined) limits[name] = Math.min(value, limits[name] ?? value);
  }
  return limits;
}

/** @throws ExecGoError `invalid_input` for a limit that is not a positive integer */
export function checkLimits(limits: ResourceLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new ExecGoError('invalid_input', `limits.${name}: expected a positive integer, got ${String(value)}`);
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
