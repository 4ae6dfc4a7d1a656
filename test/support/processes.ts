import { readdirSync, readFileSync } from 'node:fs';

/** How many living processes have this argument, which a test chooses so that no other program has it (Linux). */
export function countProcesses(argument: string): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && argumentsOf(pid).includes(argument)).length;
}

function argumentsOf(pid: string): readonly string[] {
  try {
    // A process that has ended and is not yet collected has no arguments left.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
