import type { Kernel, OutputPosition, OutputStream, TaskOutputState } from '@execgo/core';
import { preferredType } from '../accept.js';
import type { ResolvedOptions } from '../app-options.js';
import type { Call } from '../call.js';
import { CallEnd } from '../call-end.js';
import type { Route } from '../endpoint.js';
import { EVENT_STREAM, EVENT_STREAM_HEADERS, eventStream } from '../event-stream.js';
import { ofNewestRun } from '../newest-run.js';
import { decodePosition, outputMessages } from '../output-messages.js';
import { type BytesOnWire, bytesToWire, cutCharacterLength } from '../output-text.js';
import { pathId } from '../path-id.js';
import { Query } from '../query.js';
import { rawOutput } from '../raw-output.js';
import { GET_OUTPUT, POSITION, STREAM } from './output-operations.js';

/** Messages of up to 64 KiB that are made in one turn of the event loop. */
const MESSAGES_PER_TURN = 8;

/** What the newest attempt of a task wrote: how much and the text, the bytes of one stream, or live as server-sent events. */
export function outputRoutes(options: ResolvedOptions): readonly Route[] {
  return [
    {
      path: '/tasks/:id/output',
      methods: {
        GET: { operation: GET_OUTPUT, handle: (call) => output(call, options) },
      },
    },
  ];
}

function output(call: Call, options: ResolvedOptions): Promise<Response> {
  const id = pathId(call.url, 1);
  const query = new Query(call.url);
  const stream = STREAM.read(query);
  const from = resumePosition(call, query);
  if (stream !== undefined) return rawOutput(call, id, stream, options);
  const type = preferredType(call.headers.get('accept'), ['application/json', EVENT_STREAM]);
  return type === EVENT_STREAM
    ? streamOutput(call, id, from, options)
    : ofNewestRun(() => showOutput(call, id, options));
}

/** As of event streams: `Last-Event-ID` is newer than `?after=`. */
function resumePosition(call: Call, query: Query): OutputPosition | undefined {
  const after = POSITION.read(query);
  const position = after === undefined ? undefined : decodePosition('after', after);
  const lastId = call.headers.get('last-event-id');
  return lastId === null || lastId === '' ? position : decodePosition('Last-Event-ID', lastId);
}

async function showOutput(call: Call, id: string, { kernel, limits }: ResolvedOptions): Promise<Response> {
  const state = await kernel.output(id);
  const { task_id, attempt, status, live } = state;
  const shown = async (stream: OutputStream) => ({
    ...state[stream],
    ...(await inlineText(kernel, state, stream, limits.inlineOutputBytes)),
  });
  const [stdout, stderr] = await Promise.all([shown('stdout'), shown('stderr')]);
  return call.json(200, { task_id, attempt, status, live, stdout, stderr });
}

/** The bytes themselves, where they are few. A character that is cut at the end of what is there is left out. */
async function inlineText(
  kernel: Kernel,
  { task_id, run, live, ...state }: TaskOutputState,
  stream: OutputStream,
  maxBytes: number,
): Promise<BytesOnWire | undefined> {
  const { kept, truncated } = state[stream];
  if (kept > maxBytes) return undefined;
  const bytes = await kernel.readOutput(task_id, stream, { run, end: kept });
  const cut = live || truncated ? cutCharacterLength(bytes) : 0;
  return bytesToWire(bytes.subarray(0, bytes.length - cut));
}

async function streamOutput(
  call: Call,
  id: string,
  from: OutputPosition | undefined,
  { kernel, clock, limits, logger }: ResolvedOptions,
): Promise<Response> {
  await kernel.output(id);
  if (call.isHead) return call.answer(200, EVENT_STREAM, null, EVENT_STREAM_HEADERS);
  const end = new CallEnd(call);
  const items = kernel.watchOutput(id, { signal: end.signal, ...(from !== undefined && { from }) });
  const messages = outputMessages(kernel, id, items, from);
  const first = messages.next();
  first.catch(() => {}); // Read by the stream; until then a failure must not count as unhandled.
  const body = eventStream(messages, first, {
    message: (text) => text,
    clock,
    heartbeatMs: limits.heartbeatMs,
    eventsPerTurn: MESSAGES_PER_TURN,
    onEnd: () => end.end(),
    onBroken: (err) => logger.error({ err, trace_id: call.traceId, url: call.url }, 'the stream of output broke off'),
  });
  return call.answer(200, EVENT_STREAM, body, EVENT_STREAM_HEADERS);
}
