import type { Clock, RunContext } from '@execgo/core';
import type { CallToolResult, Progress } from '@modelcontextprotocol/client';
import type { McpSession } from '../connection/mcp-session.js';
import { untilAborted } from '../connection/until-aborted.js';
import { callTimeout, type FailedCall } from './call-error.js';

/** The SDK's own timer is never the first: it cannot tell an abort from a timeout. */
const NEVER_MS = 2 ** 31 - 1;

export interface ToolCall extends FailedCall {
  readonly arguments: Record<string, unknown>;
  /** Milliseconds without an answer or progress. */
  readonly timeoutMs: number;
  readonly maxTotalTimeoutMs: number;
}

/**
 * One request. Rejects at once when the run is aborted, with the signal's reason, and when one of its two times is over; the
 * server is told in both cases.
 */
export async function callTool(
  session: McpSession,
  call: ToolCall,
  run: Pick<RunContext, 'signal' | 'progress'>,
  clock: Pick<Clock, 'after'>,
): Promise<CallToolResult> {
  const { signal } = run;
  const ended = new AbortController();
  let isOver = false;
  const onAbort = () => ended.abort(signal.reason);
  const silence = () => ended.abort(callTimeout(call, `gave no sign of life for ${call.timeoutMs} ms (timeoutMs)`));
  const tooLong = () =>
    ended.abort(callTimeout(call, `took more than ${call.maxTotalTimeoutMs} ms (maxTotalTimeoutMs)`));
  let cancelSilence = clock.after(call.timeoutMs, silence);
  const cancelTotal = clock.after(call.maxTotalTimeoutMs, tooLong);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    const answer = session.client.callTool(
      { name: call.tool, arguments: call.arguments },
      {
        signal: ended.signal,
        timeout: NEVER_MS,
        onprogress: (progress) => {
          if (isOver) return;
          cancelSilence();
          cancelSilence = clock.after(call.timeoutMs, silence);
          run.progress(...noteOf(progress));
        },
      },
    );
    return (await untilAborted(answer, ended.signal)) as CallToolResult;
  } catch (error) {
    // The SDK rejects with one and the same code for an abort and for a timeout.
    if (ended.signal.aborted) throw ended.signal.reason;
    throw error;
  } finally {
    // A late progress note must not set the timer again.
    isOver = true;
    cancelSilence();
    cancelTotal();
    signal.removeEventListener('abort', onAbort);
  }
}

function noteOf({ progress, total, message }: Progress): [message: string, data: unknown] {
  const counted = total === undefined ? `${progress}` : `${progress} of ${total}`;
  return [message ?? counted, { progress, ...(total === undefined ? {} : { total }) }];
}
