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

export function eventRoutes(options: ResolvedOptions): readonly Route[] {
  return [
    { path: '/events', methods: { GET: (call) => events(call, undefined, options) } },
    { path: '/tasks/:id/events', methods: { GET: (call) => events(call, pathId(call.url, 1), options) } },
  ];
}

function events(call: Call, taskId: string | undefined, options: ResolvedOptions): Promise<Response> {
  const query = new Query(call.url);
  const after = resumePosition(call, query);
  const filter: EventQuery = {
    ...(taskId !== undefined && { task_id: taskId }),
    ...(after !== undefined && { after }),
  };
  const type = preferredType(call.headers.get('accept'), ['application/json', EVENT_STREAM]);
  if (type === EVENT_STREAM) return streamEvents(call, filter, options);
  const limit = query.integer('limit', 1, options.limits.maxPageItems);
  return listEvents(call, limit === undefined ? filter : { ...filter, limit }, options);
}

/** `Last-Event-ID` is newer than `?after=`: a browser that reconnects sends the URL it was given, and this header. */
function resumePosition(call: Call, query: Query): number | undefined {
  const after = query.integer('after', 0, Number.MAX_SAFE_INTEGER);
  const lastId = call.headers.get('last-event-id');
  if (lastId === null || lastId === '') return after;
  if (!/^\d{1,15}$/.test(lastId)) throw invalidParameter('Last-Event-ID', 'expected the id of an event');
  return Number(lastId);
}

/** Every kept event, as a JSON array. A task of which nothing is kept must at least be known. */
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
  if (!found && query.task_id !== undefined && query.after === undefined) await kernel.get(query.task_id);
  if (batch.length > 0) yield batch;
}

/**
 * Server-sent events, until the caller leaves. Without a position: of one task, what happened since it was submitted; of all,
 * what happens from now on.
 */
async function streamEvents(call: Call, query: EventQuery, options: ResolvedOptions): Promise<Response> {
  const { kernel, clock, limits, logger } = options;
  const from = await startOf(kernel, query);
  if (call.isHead) return call.answer(200, EVENT_STREAM, null, EVENT_STREAM_HEADERS);

  const end = new CallEnd(call);
  const source = kernel.watch({ ...from, live: true, signal: end.signal })[Symbol.asyncIterator]();
  const first = source.next();
  first.catch(() => {}); // Read by the stream; until then a failure must not count as unhandled.
  const body = eventStream(source, first, {
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
async function startOf(kernel: Kernel, query: EventQuery): Promise<EventQuery> {
  if (query.after !== undefined) {
    await probe(kernel, query.after);
    return query;
  }
  if (query.task_id === undefined) return query;
  const after = (await kernel.get(query.task_id)).submitted_seq - 1;
  try {
    await probe(kernel, after);
    return { ...query, after };
  } catch (error) {
    const oldest = isExecGoError(error, 'gone') ? error.details?.oldest_seq : undefined;
    if (typeof oldest !== 'number') throw error;
    return { ...query, after: oldest - 1 };
  }
}

/** @throws ExecGoError `gone` when events after this seq are no longer kept */
async function probe(kernel: Kernel, after: number): Promise<void> {
  for await (const _event of kernel.events({ after, limit: 1 })) return;
}
