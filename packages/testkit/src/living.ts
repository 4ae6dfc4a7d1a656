import { readdirSync, readFileSync } from 'node:fs';
import { ExecGoError } from '@execgo/core';

/** A process that runs. */
export interface Living {
  readonly pid: number;
  readonly command: string;
}

/**
 * Every living process with this text in its command line or its environment, found without the code under test; but not this
 * one. Linux alone: it looks into /proc.
 */
export function living(text: string): readonly Living[] {
  const found: Living[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      const state = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '')[0];
      if (state !== 'Z' && (command.includes(text) || environment.includes(text)))
        found.push({ pid: Number(name), command });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/**
 * Resolves when `condition` is true: for what no event tells, such as the end of a foreign process. Looks every 5 ms.
 *
 * @throws ExecGoError `timeout` after `timeoutMs`
 */
export async function until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new ExecGoError('timeout', `not true within ${timeoutMs} ms: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
