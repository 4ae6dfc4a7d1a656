import {
  type EventQuery,
  eventToWire,
  isExecGoError,
  type JsonObject,
  type Kernel,
  type LiveReport,
  type TaskEvent,
} from '@execgo/core';
import { preferredType } from '../accept.js';
import type { ResolvedOptions } from '../app-options.js';
import { arrayAnswer } from '../array-answer.js';
import type { Call } from '../call.js';
import { CallEnd } from '../call-end.js';
import type { Route } from '../endpoint.js';
import { EVENT_STREAM, EVENT_STREAM_HEADERS, eventStream } from '../event-stream.js';
import { pathId } from '../path-id.js';
import { invalidParameter, Query } from '../query.js';
import { AFTER, describeEvents, describeTaskEvents, eventLimit, GRAPH, LIVE } from './event-operations.js';

export function eventRoutes(options: ResolvedOptions): readonly Route[] {
  return [
    {
      path: '/events',
      methods: {
        GET: { operation: describeEvents(options.limits), handle: (call) => events(call, undefined, options) },
      },
    },
    {
      path: '/tasks/:id/events',
      methods: {
        GET: {
          operation: describeTaskEvents(options.limits),
          handle: (call) => events(call, pathId(call.url, 1), options),
        },
      },
    },
  ];
}

function events(call: Call, taskId: string | undefined, options: ResolvedOptions): Promise<Response> {
  const query = new Query(call.url);
  const after = resumePosition(call, query);
  const graphId = taskId === undefined ? GRAPH.read(query) : undefined;
  const filter: EventQuery = {
    ...(taskId !== undefined && { task_id: taskId }),
    ...(graphId !== undefined && { graph_id: graphId }),
    ...(after !== undefined && { after }),
  };
  const type = preferredType(call.headers.get('accept'), ['application/json', EVENT_STREAM]);
  if (type === EVENT_STREAM) return streamEvents(call, filter, LIVE.read(query) !== 'false', options);
  const limit = eventLimit(options.limits).read(query);
  return listEvents(call, limit === undefined ? filter : { ...filter, limit }, options);
}

/** `Last-Event-ID` is newer than `?after=`: a browser that reconnects sends the URL it was given, and this header. */
function resumePosition(call: Call, query: Query): number | undefined {
  const after = AFTER.read(query);
  const lastId = call.headers.get('last-event-id');
  if (lastId === null || lastId === '') return after;
  if (!/^\d{1,15}$/.test(lastId)) throw invalidParameter('Last-Event-ID', 'expected the id of an event');
  return Number(lastId);
}

/** Every kept event, as a JSON array. A task or graph of which nothing is kept must at least be known. */
async function listEvents(call: Call, query: EventQuery, options: ResolvedOptions): Promise<Response> {
  const { kernel, limits, clock, logger } = options;
  const batches = eventBatches(kernel, query, limits.streamBatchItems);
  return arrayAnswer(call, batches, {
    clock,
    onBroken: (err) => logger.error({ err, trace_id: call.traceId, url: call.url }, 'the list of events broke off'),
  });
}

async function* eventBatches(kernel: Kernel, query: EventQuery, size: number): AsyncGenerator<readonly JsonObject[]> {
  let batch: JsonObject[] = [];
  let found = false;
  for await (const event of kernel.events(query)) {
    found = true;
    batch.push(eventToWire(event));
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (!found && query.after === undefined) await mustBeKnown(kernel, query);
  if (batch.length > 0) yield batch;
}

/** @throws ExecGoError `not_found` */
async function mustBeKnown(kernel: Kernel, { task_id, graph_id }: EventQuery): Promise<void> {
  if (task_id !== undefined) await kernel.get(task_id);
  else if (graph_id !== undefined) await kernel.graph(graph_id);
}

/**
 * Server-sent events, until the caller leaves. Without a position: of one task or graph, what happened since it was submitted;
 * of all, what happens from now on. The position it begins at goes ahead of the first event, as an id alone, so that a client
 * whose stream is cut before that loses nothing.
 */
async function streamEvents(call: Call, query: EventQuery, live: boolean, options: ResolvedOptions): Promise<Response> {
  const { kernel, clock, limits, logger } = options;
  const from = await startOf(kernel, query);
  if (call.isHead) return call.answer(200, EVENT_STREAM, null, EVENT_STREAM_HEADERS);

  const end = new CallEnd(call);
  const source = kernel.watch({ ...from, live, signal: end.signal })[Symbol.asyncIterator]();
  const first = source.next();
  first.catch(() => {}); // Read by the stream; until then a failure must not count as unhandled.
  const body = eventStream(source, first, {
    opening: `: from here on\nid: ${from.after}\n\n`,
    message: sseMessage,
    clock,
    heartbeatMs: limits.heartbeatMs,
    eventsPerTurn: limits.streamBatchItems,
    onEnd: () => end.end(),
    onBroken: (err) => logger.error({ err, trace_id: call.traceId, url: call.url }, 'the event stream broke off'),
  });
  return call.answer(200, EVENT_STREAM, body, EVENT_STREAM_HEADERS);
}

/** The `id` is the seq, and a live report has none, so it is never resumed from. */
function sseMessage(event: TaskEvent | LiveReport): string {
  const id = 'seq' in event ? `id: ${event.seq}\n` : '';
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(eventToWire(event))}\n\n`;
}

/** Where to begin; asks the store first, so that a place no longer kept is answered by 410 and not by an empty stream. */
async function startOf(kernel: Kernel, query: EventQuery): Promise<EventQuery & { readonly after: number }> {
  const { after, task_id, graph_id } = query;
  if (after !== undefined) {
    await probe(kernel, after);
    return { ...query, after };
  }
  if (task_id !== undefined) return { ...query, after: await beforeTask(kernel, task_id) };
  const newest = kernel.stats().lastSeq;
  return { ...query, after: graph_id === undefined ? newest : await beforeGraph(kernel, graph_id, newest) };
}

async function beforeTask(kernel: Kernel, taskId: string): Promise<number> {
  const after = (await kernel.get(taskId)).submitted_seq - 1;
  try {
    await probe(kernel, after);
    return after;
  } catch (error) {
    const oldest = isExecGoError(error, 'gone') ? error.details?.oldest_seq : undefined;
    if (typeof oldest !== 'number') throw error;
    return oldest - 1;
  }
}

/** A graph of which no event is kept any more can still be known. */
async function beforeGraph(kernel: Kernel, graphId: string, newest: number): Promise<number> {
  for await (const { seq } of kernel.events({ graph_id: graphId, limit: 1 })) return seq - 1;
  await kernel.graph(graphId);
  return newest;
}

/** @throws ExecGoError `gone` when events after this seq are no longer kept */
async function probe(kernel: Kernel, after: number): Promise<void> {
  for await (const _event of kernel.events({ after, limit: 1 })) return;
}
