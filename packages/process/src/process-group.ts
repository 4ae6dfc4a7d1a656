import { setTimeout as delay } from 'node:timers/promises';
import { hasProc, isRunning, ownProcesses, processStat } from './proc.js';

const FIRST_POLL_MS = 1;
const SLOWEST_POLL_MS = 25;
/** When all processes are first looked at; from then on each time the wait has doubled. */
const FIRST_SCAN_MS = 4;

/** Windows has no process groups: there a run is its first process alone. */
export const hasGroups = process.platform !== 'win32';

/** Whether any process of the group is left; one that ended and was not reaped still counts here. */
export function groupExists(group: number): boolean {
  return signalGroup(group, 0);
}

/** Sends a signal to every process of a group. @returns false when there is none left. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(hasGroups ? -group : group, signal);
    return true;
  } catch (error) {
    // EPERM: something is there that cannot be signalled (a set-uid program, or on macOS one that has ended).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Resolves to true as soon as nothing of the group runs any more, to false when `timeoutMs` have passed before. */
export async function groupGone(group: number, timeoutMs: number): Promise<boolean> {
  const start = performance.now();
  let nextScanMs = FIRST_SCAN_MS;
  for (let pause = FIRST_POLL_MS; groupExists(group); pause = Math.min(2 * pause, SLOWEST_POLL_MS)) {
    const waitedMs = performance.now() - start;
    if (waitedMs >= nextScanMs) {
      // Orphans are reaped by pid 1, which may take its time, or never do it (some containers): those are not alive.
      if (!(await hasLivingMember(group))) return true;
      nextScanMs = 2 * waitedMs;
    }
    if (waitedMs >= timeoutMs) return false;
    await delay(pause);
  }
  return true;
}

async function hasLivingMember(group: number): Promise<boolean> {
  if (!hasProc) return true;
  for await (const pid of ownProcesses()) {
    const stat = processStat(pid);
    if (stat?.group === group && isRunning(stat)) return true;
  }
  return false;
}
