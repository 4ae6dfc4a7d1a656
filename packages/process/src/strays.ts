import { setTimeout as delay } from 'node:timers/promises';
import { killMarked, type MarkedProcess, markedAmong, markedProcesses } from './marked-process.js';
import { hasProc, newestPid, pidExists } from './proc.js';
import { groupGone } from './process-group.js';

/** How long killed processes may take to be gone before they count as survivors. */
const GONE_WITHIN_MS = 5_000;
/** Pids come in order: a run this short cannot have seen them all used once, so the ones since its start are a range. */
const RANGE_FOR_MS = 1_000;
/** A longer range is slower to look through than the list of what lives. */
const MAX_RANGE = 512;
/** Ranges grow while they are looked through; one that still grows after this many looks is left to the full scan. */
const MAX_LOOKS = 8;

const ALIVE = Number.POSITIVE_INFINITY;
const FEW_CHILDREN = 256;
/**
 * Direct children of this process, each the first of its own run and nobody's stray, with the time they ended: those that did
 * so lately still fill the range of pids, and their pids cannot have been given to others yet.
 */
const ownChildren = new Map<number, number>();
let pruneAbove = FEW_CHILDREN;

export function childStarted(pid: number): void {
  if (ownChildren.size > pruneAbove) {
    for (const child of ownChildren.keys()) if (!isOwnChild(child)) ownChildren.delete(child);
    pruneAbove = Math.max(FEW_CHILDREN, 2 * ownChildren.size);
  }
  ownChildren.set(pid, ALIVE);
}

export function childEnded(pid: number): void {
  ownChildren.set(pid, performance.now());
}

function isOwnChild(pid: number): boolean {
  const endedAt = ownChildren.get(pid);
  return endedAt !== undefined && performance.now() - endedAt < RANGE_FOR_MS;
}

/**
 * Finds the processes of one run that left its group (setsid, a double fork).
 *
 * Looking at every process of the machine after every run would cost more than the run. But pids are given out in order: what
 * a short run started is among the pids between its own and the newest, mostly none, and the rest mostly our own children.
 */
export class StraySearch {
  private readonly startedAt = performance.now();

  /**
   * @param marker EXECGO_RUN of the run
   * @param pid its first process: strays are younger
   */
  constructor(
    private readonly marker: string,
    private readonly pid: number,
  ) {}

  /**
   * True only if nothing that the run could have started is alive, in its group or out of it. Takes microseconds where few
   * processes began on this machine since; false says nothing.
   */
  isAlone(): boolean {
    return hasProc && this.young()?.length === 0;
  }

  /** Every living process that carries the marker and is not its first one. */
  async find(): Promise<readonly MarkedProcess[]> {
    if (!hasProc) return [];
    const isOurs = ({ marker, pid }: MarkedProcess) => marker === this.marker && !isOwnChild(pid);
    const young = this.young();
    const found = young === undefined ? await markedProcesses() : await markedAmong(young);
    return found.filter(isOurs);
  }

  /** What lives of the pids given out since the start, our own children left out; undefined when that is no short range. */
  private young(): readonly number[] | undefined {
    if (performance.now() - this.startedAt > RANGE_FOR_MS) return undefined;
    const pids: number[] = [];
    let next = this.pid + 1;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const newest = newestPid();
      if (!(newest >= this.pid && newest - next <= MAX_RANGE)) return undefined;
      let others = 0;
      for (; next <= newest; next += 1) {
        if (isOwnChild(next)) continue;
        others += 1;
        if (pidExists(next)) pids.push(next);
      }
      // One that has ended by now may have started another before: as long as there are any, look again.
      if (others === 0) return pids;
    }
    return undefined;
  }
}

/**
 * Kills what `find` finds, each with its group, until it finds nothing: a process may fork while we look. Resolves when all of
 * these groups are gone, members without a marker too.
 *
 * @returns the pids of what cannot be killed (a process stuck in the kernel, or changed to another user), or of their groups
 */
export async function killUntilGone(find: () => Promise<readonly MarkedProcess[]>): Promise<readonly number[]> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  const groups = new Set<number>();
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const found = await find();
    if (found.length === 0) return notGone(groups);
    if (performance.now() >= deadline) return found.map(({ pid }) => pid);
    for (const process of found) {
      const group = killMarked(process);
      if (group !== undefined) groups.add(group);
    }
    await delay(pause);
  }
}

/** Those of some killed groups that are still there after a while. */
async function notGone(groups: Iterable<number>): Promise<readonly number[]> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  const left: number[] = [];
  for (const group of groups) {
    if (!(await groupGone(group, Math.max(0, deadline - performance.now())))) left.push(group);
  }
  return left;
}
