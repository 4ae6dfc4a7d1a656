import { errorMessage, type StoreMaintenance } from '@execgo/core';
import { type CopiedStore, copyStore } from '@execgo/store-archive';
import type { CliContext } from './commands/command.js';
import { CopyReport } from './copy-report.js';
import { listenForStop } from './stop-signals.js';

const FAILED = 1;

/** What a copy does not take along: the files that tasks wrote to stand beside the store. */
export const OUTPUTS_NOT_INCLUDED = { outputs: 'not included' } as const;

/**
 * Copies a store for a command: says where the source is in use, tells how far it has come, and stops at the first SIGINT or
 * SIGTERM, leaving what the same command goes on from.
 */
export async function copyForCommand(
  cli: CliContext,
  from: { readonly name: string; readonly maintenance: StoreMaintenance },
  to: StoreMaintenance,
): Promise<CopiedStore> {
  await warnIfUsed(cli, from);
  const report = new CopyReport(cli);
  const stop = new AbortController();
  const signals = listenForStop(() => process.exit(FAILED));
  void signals.first.then(() => stop.abort());
  try {
    return await copyStore(from.maintenance, to, {
      signal: stop.signal,
      onProgress: (progress) => report.tell(progress),
    });
  } finally {
    signals.release();
    report.end();
  }
}

async function warnIfUsed(
  { stderr }: CliContext,
  { name, maintenance }: { readonly name: string; readonly maintenance: StoreMaintenance },
): Promise<void> {
  try {
    const user = await maintenance.usedBy?.();
    if (user === undefined) return;
    stderr(`warning: ${name} is in use by ${user}: what is written from now on is not in the copy\n`);
  } catch (error) {
    stderr(`warning: whether ${name} is in use cannot be told: ${errorMessage(error)}\n`);
  }
}
