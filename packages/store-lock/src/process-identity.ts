import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells one process from every other, as far as this system says. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Differs from one start of the machine to the next (Linux). */
  readonly boot_id?: string;
  /** The pid means something only among those who share it: every container has its own (Linux). */
  readonly pid_namespace?: string;
  /** When the process began, in clock ticks since the machine did: a pid that is used again has another (Linux, proc(5)). */
  readonly start_time?: string;
}

export function ownIdentity(): ProcessIdentity {
  const bootId = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = textOf(() => readlinkSync('/proc/self/ns/pid'));
  const startTime = startTimeOf(process.pid);
  return {
    pid: process.pid,
    host: hostname(),
    ...(bootId !== undefined && { boot_id: bootId }),
    ...(namespace !== undefined && { pid_namespace: namespace }),
    ...(startTime !== undefined && { start_time: startTime }),
  };
}

/**
 * Whether a process of this machine, as it runs now, still lives. Where its pid means nothing here (another container) the
 * answer is undefined.
 */
export function isAlive(other: ProcessIdentity, own: ProcessIdentity): boolean | undefined {
  if (other.pid_namespace !== own.pid_namespace) return undefined;
  if (other.start_time !== undefined) return startTimeOf(other.pid) === other.start_time;
  try {
    process.kill(other.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat; the command, field 2, may hold spaces and brackets. A zombie lives no more. */
function startTimeOf(pid: number): string | undefined {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : fields[18];
}

function textOf(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
