import { setTimeout as delay } from 'node:timers/promises';
import {
  hasProc,
  isRunning,
  ownProcesses,
  processStat,
  startEnvironment,
  threadEnvironment,
  variableIn,
} from './proc.js';
import { signalGroup } from './process-group.js';
import { RUN_VARIABLE } from './run-marker.js';

/** A living process that was started with EXECGO_RUN in its environment, by us or by another process of that run. */
export interface MarkedProcess {
  readonly pid: number;
  readonly startTime: string;
  readonly marker: string;
}

/** For a moment during exec a process shows an empty environment. One that still does so after these milliseconds has none. */
const EXEC_TAKES_MS = 2;
/** Kernel threads are in group 0. */
const KERNEL_GROUP = 0;

/** Those of some processes that carry a marker, are alive and this user's. */
export async function markedAmong(pids: Iterable<number> | AsyncIterable<number>): Promise<readonly MarkedProcess[]> {
  const found: MarkedProcess[] = [];
  const unclear: number[] = [];
  for await (const pid of pids) {
    const looked = markedProcess(pid);
    if (looked === 'unclear') unclear.push(pid);
    else if (looked !== undefined) found.push(looked);
  }
  if (unclear.length > 0) await delay(EXEC_TAKES_MS);
  for (const pid of unclear) {
    const looked = markedProcess(pid);
    if (looked !== 'unclear' && looked !== undefined) found.push(looked);
  }
  return found;
}

function markedProcess(pid: number): MarkedProcess | 'unclear' | undefined {
  const before = processStat(pid);
  if (before === undefined || !isRunning(before) || before.group === KERNEL_GROUP) return undefined;
  const environment = before.state === 'Z' ? threadEnvironment(pid) : startEnvironment(pid);
  if (environment === undefined) return undefined;
  if (environment.length === 0) return 'unclear';
  const marker = variableIn(environment, RUN_VARIABLE);
  if (marker === undefined) return undefined;
  // The pid may have been given to another process between the two reads.
  const after = processStat(pid);
  return after?.startTime === before.startTime ? { pid, startTime: before.startTime, marker } : undefined;
}

/**
 * Kills a process and its group, if it is still the one that was found. Our own group is never touched.
 *
 * @returns the group, where it was one to be killed: of its other members, some may carry no marker
 */
export function killMarked(found: MarkedProcess): number | undefined {
  const now = processStat(found.pid);
  if (now?.startTime !== found.startTime) return undefined;
  // Runs have a session of their own, so that every group of it is theirs.
  const isTheirs = now.group > 1 && now.group !== processStat(process.pid)?.group;
  if (isTheirs) signalGroup(now.group, 'SIGKILL');
  try {
    process.kill(found.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: its group was it. EPERM: it became another user's; whoever looks again finds it a survivor.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
  return isTheirs ? now.group : undefined;
}

let running: Promise<unknown> = Promise.resolve();
let waiting: Promise<readonly MarkedProcess[]> | undefined;

/**
 * Every marked process of this user. One scan serves all callers that asked before it began, so that many runs which end at
 * once cost what one costs. About 15 µs for each process of the machine.
 */
export function markedProcesses(): Promise<readonly MarkedProcess[]> {
  waiting ??= running.then(() => {
    waiting = undefined;
    const scan = hasProc ? markedAmong(ownProcesses()) : Promise.resolve([]);
    running = scan.catch(() => undefined);
    return scan;
  });
  return waiting;
}
