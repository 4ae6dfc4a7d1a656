import type { GraphSummary } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { deadlineOf, longPoll, type WaitOptions } from './long-poll.js';
import { segment } from './path.js';
import type { CancelOptions } from './task-calls.js';
import type { Transport } from './transport.js';

/** The calls that concern what one submission brought. */
export interface GraphCalls {
  graph(graphId: string, options?: CallOptions): Promise<GraphSummary>;
  /** As soon as all tasks are terminal, or as it is when the time is over. Goes on over restarts of the server. */
  waitGraph(graphId: string, options?: WaitOptions): Promise<GraphSummary>;
  /** Cancels every task that is not terminal; resolves when nothing of them runs any more. */
  cancelGraph(graphId: string, options?: CancelOptions): Promise<GraphSummary>;
}

export function graphCalls(transport: Transport): GraphCalls {
  return {
    graph: async (graphId, { signal } = {}) => transport.object({ path: graphPath(graphId), signal }),
    waitGraph: async (graphId, options = {}) =>
      longPoll<GraphSummary>(transport, {
        path: graphPath(graphId),
        isOver: ({ done }) => (typeof done === 'boolean' ? done : undefined),
        deadline: deadlineOf(options),
        signal: options.signal,
      }),
    cancelGraph: async (graphId, { reason, signal } = {}) =>
      transport.object({ method: 'POST', path: `${graphPath(graphId)}/cancel`, body: { reason }, signal }),
  };
}

function graphPath(graphId: string): string {
  return `/graphs/${segment('graphId', graphId)}`;
}
