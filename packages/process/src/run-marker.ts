import { createHash } from 'node:crypto';

/** Variable by which every process of a run can be told from all others, for as long as it lives. */
export const RUN_VARIABLE = 'EXECGO_RUN';

/** Longest marker that goes into an environment as it is; the kernel refuses variables above 128 KiB. */
const MAX_MARKER_LENGTH = 1024;

/**
 * The value of EXECGO_RUN for a run id `storeId/task/attempt`: the id itself, or its digest where an environment cannot carry
 * it. Either way it begins with `storeId/`.
 */
export function runMarker(runId: string): string {
  if (runId.length <= MAX_MARKER_LENGTH && !runId.includes('\0')) return runId;
  const digest = createHash('sha256').update(runId).digest('hex');
  return `${runId.slice(0, runId.indexOf('/') + 1)}sha256:${digest}`;
}

/** What the markers of every run of a store begin with. */
export function storePrefix(storeId: string): string {
  return `${storeId}/`;
}
