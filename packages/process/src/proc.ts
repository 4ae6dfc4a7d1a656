import { existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Whether this system shows its processes under /proc as Linux does; elsewhere only process groups are known. */
export const hasProc = process.platform === 'linux' && existsSync('/proc/self/environ');

/** How many processes a scan looks at before it lets the event loop turn. */
const SCAN_SLICE = 128;

/** What /proc/<pid>/stat tells of one process (proc(5)). */
export interface ProcessStat {
  /** One letter: R, S, D, Z (ended, not yet reaped) … */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly threads: number;
  /** Clock ticks since boot: with the pid it names one process for ever, since pids are used again. */
  readonly startTime: string;
}

/** Whether anything of it still runs. One whose first thread has ended shows Z all the while that others go on. */
export function isRunning({ state, threads }: ProcessStat): boolean {
  return state !== 'X' && (state !== 'Z' || threads > 1);
}

/** Undefined when there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)?.toString('latin1');
  if (text === undefined) return undefined;
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  if (state === undefined || group === undefined) return undefined;
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    threads: Number(fields[17]),
    startTime: fields[19] ?? '',
  };
}

/**
 * The environment a process was started with: undefined for one of another user, empty for one that has ended or is just
 * being replaced by exec.
 */
export function startEnvironment(pid: number): Buffer | undefined {
  return readProc(`/proc/${pid}/environ`);
}

/** The same for a process whose first thread has ended: by one that goes on. */
export function threadEnvironment(pid: number): Buffer | undefined {
  for (const thread of threadsOf(pid)) {
    const environment = readProc(`/proc/${pid}/task/${thread}/environ`);
    if (environment !== undefined && environment.length > 0) return environment;
  }
  return undefined;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended.
    return [];
  }
}

/** The value of a variable in an environment block: `NAME=value` strings, each ended by NUL. */
export function variableIn(environment: Buffer, name: string): string | undefined {
  const start = `${name}=`;
  const first = environment.toString('latin1', 0, start.length) === start;
  const at = first ? 0 : environment.indexOf(`\0${start}`) + 1;
  if (at === 0 && !first) return undefined;
  const end = environment.indexOf(0, at);
  return environment.toString('utf8', at + start.length, end === -1 ? environment.length : end);
}

/** Whether a process or thread of this id exists, ended ones that nobody reaped included. */
export function pidExists(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

let loadavg: number | undefined;
const loadavgText = Buffer.alloc(128);

/** The pid given out last in this pid namespace (proc(5), the last field of loadavg). Asked after every run, so kept open. */
export function newestPid(): number {
  loadavg ??= openSync('/proc/loadavg', 'r');
  const length = readSync(loadavg, loadavgText, 0, loadavgText.length, 0);
  const text = loadavgText.toString('latin1', 0, length);
  return Number(text.slice(text.lastIndexOf(' ') + 1));
}

/** The pids of every process of this user, in slices: looking at thousands must not stop the event loop. */
export async function* ownProcesses(): AsyncGenerator<number> {
  const uid = process.geteuid?.();
  let seen = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (++seen % SCAN_SLICE === 0) await nextTurn();
    if (statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid) yield pid;
  }
}

/** Undefined when the process has ended meanwhile (ENOENT, ESRCH) or is not ours to look into (EACCES, EPERM). */
function readProc(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
