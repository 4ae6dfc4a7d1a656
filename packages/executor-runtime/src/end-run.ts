import { ExecGoError, isExecGoError } from '@execgo/core';
import type { ResolvedRuntimeOptions } from './options.js';
import { SOURCE } from './run-error.js';
import { isOver, type RunStatus } from './run-status.js';
import type { RuntimeClient } from './runtime-client.js';
import type { SharedTimer } from './shared-timer.js';

/** How much longer each pause between two looks at a run is than the one before. */
export const POLL_GROWTH = 1.5;

/** What is needed to end a run. */
export interface EndingParts {
  readonly client: RuntimeClient;
  readonly timer: SharedTimer;
  readonly options: ResolvedRuntimeOptions;
}

/**
 * Kills a run and waits for its end.
 *
 * @param deadline gives it up; by default `killWaitMs` from now
 * @returns how it stood then; undefined for a run that the runtime does not know
 * @throws ExecGoError as the client, and `external_failure` when it has not ended within `killWaitMs`
 */
export async function endRun(
  { client, timer, options }: EndingParts,
  id: string,
  owner: string | undefined,
  deadline = AbortSignal.timeout(options.killWaitMs),
): Promise<RunStatus | undefined> {
  try {
    await client.kill(id, owner, deadline);
    for (let pauseMs = options.pollMinMs; ; pauseMs = Math.min(options.pollMaxMs, pauseMs * POLL_GROWTH)) {
      const status = await client.status(id, deadline);
      if (isOver(status)) return status;
      await timer.pause(pauseMs, deadline);
      deadline.throwIfAborted();
    }
  } catch (error) {
    if (isUnknownRun(error)) return undefined;
    if (!deadline.aborted) throw error;
    throw new ExecGoError('external_failure', `no end within ${options.killWaitMs} ms`, {
      retryable: true,
      source: SOURCE,
    });
  }
}

/** The HTTP status of a refusal. */
export function statusOf(error: unknown): number | undefined {
  const status = isExecGoError(error) ? error.details?.http_status : undefined;
  return typeof status === 'number' ? status : undefined;
}

export function isUnknownRun(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** The runtime, or what stands before it, may come back. */
export function isOutage(error: unknown): boolean {
  if (!isExecGoError(error)) return false;
  const status = statusOf(error);
  return error.details?.unreachable === true || (status !== undefined && (status >= 500 || status === 429));
}
