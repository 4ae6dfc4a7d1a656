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

/** For a moment during exec a process shows an empty environment; one that stays empty has none. */
const LOOKS_DURING_EXEC = 3;
/** Kernel threads are in group 0. */
const KERNEL_GROUP = 0;

/** Undefined for a process that carries no marker, has ended or is another user's. */
export function markedProcess(pid: number): MarkedProcess | undefined {
  for (let attempt = 0; attempt < LOOKS_DURING_EXEC; attempt += 1) {
    const before = processStat(pid);
    if (before === undefined || !isRunning(before) || before.group === KERNEL_GROUP) return undefined;
    const environment = before.state === 'Z' ? threadEnvironment(pid) : startEnvironment(pid);
    if (environment === undefined) return undefined;
    if (environment.length === 0) continue;
    const marker = variableIn(environment, RUN_VARIABLE);
    if (marker === undefined) return undefined;
    // The pid may have been given to another process between the two reads.
    const after = processStat(pid);
    return after?.startTime === before.startTime ? { pid, startTime: before.startTime, marker } : undefined;
  }
  return undefined;
}

/** Kills a process and its group, if it is still the one that was found. Our own group is never touched. */
export function killMarked(found: MarkedProcess): void {
  const now = processStat(found.pid);
  if (now?.startTime !== found.startTime) return;
  // Runs have a session of their own, so that every group of it is theirs.
  if (now.group > 1 && now.group !== processStat(process.pid)?.group) signalGroup(now.group, 'SIGKILL');
  try {
    process.kill(found.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: its group was it. EPERM: it became another user's; whoever looks again finds it a survivor.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
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
    const scan = scanAll();
    running = scan.catch(() => undefined);
    return scan;
  });
  return waiting;
}

async function scanAll(): Promise<readonly MarkedProcess[]> {
  const found: MarkedProcess[] = [];
  if (!hasProc) return found;
  for await (const pid of ownProcesses()) {
    const marked = markedProcess(pid);
    if (marked !== undefined) found.push(marked);
  }
  return found;
}
