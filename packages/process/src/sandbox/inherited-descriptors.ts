import { readdirSync, readFileSync } from 'node:fs';

const O_CLOEXEC = 0o2000000;
let known: readonly number[] | undefined;

/**
 * Descriptors above 2 that this process was started with and would hand on to every child: a folder among them would be a way
 * out of any sandbox. Node shuts out the first sixteen, and what this process opens itself.
 */
export function inheritedDescriptors(): readonly number[] {
  known ??= readdirSync('/proc/self/fdinfo').map(Number).filter(isHandedOn);
  return known;
}

function isHandedOn(descriptor: number): boolean {
  if (descriptor <= 2) return false;
  try {
    const [, flags] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    // It was the one that this very look had opened.
    return false;
  }
}
