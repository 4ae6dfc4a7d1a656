import { ExecGoError } from '@execgo/core';
import { markedProcesses } from './marked-process.js';
import { storePrefix } from './run-marker.js';
import { killUntilGone } from './strays.js';

/**
 * Ends every process that an earlier life of this store left running: a run has its own session, so it survives when its
 * server is killed. Resolves when they are gone; to how many there were. Call it while holding the store's lock, before
 * anything is started. Finds nothing on systems without /proc.
 *
 * @throws ExecGoError `internal` when one cannot be ended: starting its task again would have two of it alive
 */
export async function endLeftovers(storeId: string): Promise<number> {
  const prefix = storePrefix(storeId);
  const seen = new Set<number>();
  const survivors = await killUntilGone(async () => {
    const found = (await markedProcesses()).filter(({ marker }) => marker.startsWith(prefix));
    for (const { pid } of found) seen.add(pid);
    return found;
  });
  if (survivors.length === 0) return seen.size;
  throw new ExecGoError(
    'internal',
    `processes of an earlier life of this store cannot be ended: pid ${survivors.join(', ')}; end them by hand`,
    { details: { pids: survivors } },
  );
}
