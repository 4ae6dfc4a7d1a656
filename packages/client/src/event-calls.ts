import type { WireEvent, WireLiveReport } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { ExecGoOptionError } from './errors.js';
import { jsonData } from './json-data.js';
import { resumedStream } from './resumed-stream.js';
import { taskPath } from './task-calls.js';
import type { Transport } from './transport.js';

export interface EventFilter extends CallOptions {
  /** Only events after this seq. */
  readonly after?: number;
  /** Only of this task. */
  readonly taskId?: string;
  /** Only of this graph. Not together with `taskId`. */
  readonly graphId?: string;
}

export interface WatchOptions extends EventFilter {
  /** Also live reports (progress, output), which have no seq and are not told again after a cut. @default false */
  readonly live?: boolean;
}

/** Events in one request. */
const PAGE_SIZE = 200;

/** The calls that tell what happened, and what happens. */
export interface EventCalls {
  /**
   * Kept events, by seq, up to the newest. Default of `after`: from the oldest kept.
   * @throws ExecGoHttpError `gone` (status 410, `details.oldest_seq`) for a place that is no longer kept
   */
  events(filter?: EventFilter): AsyncIterable<WireEvent>;
  /**
   * Events as they happen, until the signal or the end of the loop: each once, in order, also over cuts of the connection and
   * restarts of the server. Default of `after`: of a task or graph from its submission, of everything from now on.
   * @throws ExecGoHttpError `gone` (status 410, `details.oldest_seq`) for a place that is no longer kept
   * @throws ExecGoUnreachableError when the server stays away (`retry.reconnectMs`)
   */
  watch(options: WatchOptions & { readonly live: true }): AsyncIterable<WireEvent | WireLiveReport>;
  watch(options?: WatchOptions & { readonly live?: false }): AsyncIterable<WireEvent>;
  watch(options?: WatchOptions): AsyncIterable<WireEvent | WireLiveReport>;
}

export function eventCalls(transport: Transport): EventCalls {
  async function* watch({ after, live = false, signal, ...of }: WatchOptions = {}) {
    let last = after ?? -1;
    const { path, query } = placeOf(of);
    for await (const message of resumedStream(transport, { path, query: { ...query, after, live }, signal })) {
      const event = jsonData<WireEvent | WireLiveReport>(message);
      if ('seq' in event) {
        if (event.seq <= last) continue;
        last = event.seq;
      } else if (!live) continue;
      yield event;
    }
  }

  return {
    async *events({ after, signal, ...of } = {}) {
      const { path, query } = placeOf(of);
      for (let from = after; ; ) {
        const page = await transport.array<WireEvent>({
          path,
          query: { ...query, after: from, limit: PAGE_SIZE },
          signal,
        });
        yield* page;
        if (page.length < PAGE_SIZE) return;
        from = page.at(-1)?.seq;
      }
    },
    watch: watch as EventCalls['watch'],
  };
}

function placeOf({ taskId, graphId }: Omit<EventFilter, 'after' | 'signal'>) {
  if (taskId !== undefined && graphId !== undefined) {
    throw new ExecGoOptionError('graphId', 'taskId or graphId, not both', graphId);
  }
  return taskId === undefined
    ? { path: '/events', query: { graph_id: graphId } }
    : { path: `${taskPath(taskId)}/events`, query: {} };
}
