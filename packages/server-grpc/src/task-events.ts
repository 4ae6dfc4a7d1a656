import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type EventQuery,
  eventToWire,
  isExecGoError,
  type Kernel,
  type LiveReport,
  type TaskEvent,
} from '@execgo/core';
import type { StreamCall } from './call.js';
import type { WatchTasksRequest, WatchTasksResponseSchema } from './gen/execgo/v1/execgo_pb.js';
import { invalidField, safeNumber } from './task-input.js';
import { int64, jsonText } from './task-message.js';

type EventMessage = MessageInitShape<typeof WatchTasksResponseSchema>;

/** The events that were asked for, from the moment of the call on. @throws ExecGoError `not_found`, `invalid_input` */
export async function watchTasks(
  request: WatchTasksRequest,
  call: StreamCall,
  kernel: Kernel,
): Promise<AsyncIterable<EventMessage>> {
  const query = await startOf(kernel, request);
  const events = kernel.watch({ ...query, live: request.live, signal: call.signal });
  return messages(events);
}

async function* messages(events: AsyncIterable<TaskEvent | LiveReport>): AsyncGenerator<EventMessage> {
  for await (const event of events) yield eventMessage(event);
}

function eventMessage(event: TaskEvent | LiveReport): EventMessage {
  const { type, task_id, graph_id, handle_id, message, data } = eventToWire(event);
  return {
    seq: int64('seq' in event ? event.seq : 0),
    type: String(type),
    taskId: text(task_id),
    graphId: text(graph_id),
    handleId: text(handle_id),
    timestampUnixMs: int64(event.timestamp),
    message: text(message),
    dataJson: jsonText(data),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Where to begin: at the place that is named, else at the submission of what is watched, as far back as events are kept. */
async function startOf(kernel: Kernel, { after, taskId, graphId }: WatchTasksRequest): Promise<EventQuery> {
  const filter = { ...(taskId !== '' && { task_id: taskId }), ...(graphId !== '' && { graph_id: graphId }) };
  if (after !== undefined) {
    if (after < 0n) throw invalidField('after', `expected the seq of an event, or 0, got ${after}`);
    return { ...filter, after: safeNumber(after, 'after') };
  }
  const submission = await submissionSeq(kernel, taskId, graphId);
  return submission === undefined ? filter : { ...filter, after: await keptFrom(kernel, submission - 1) };
}

async function submissionSeq(kernel: Kernel, taskId: string, graphId: string): Promise<number | undefined> {
  if (taskId !== '') return (await kernel.get(taskId)).submitted_seq;
  if (graphId === '') return undefined;
  const [first = ''] = (await kernel.graph(graphId)).task_ids;
  // The event of the graph itself comes right before that of its first task.
  return (await kernel.get(first)).submitted_seq - 1;
}

/** The place itself, or the oldest that is kept. */
async function keptFrom(kernel: Kernel, after: number): Promise<number> {
  try {
    for await (const _event of kernel.events({ after, limit: 1 })) break;
    return after;
  } catch (error) {
    const oldest = isExecGoError(error, 'gone') ? error.details?.oldest_seq : undefined;
    if (typeof oldest !== 'number') throw error;
    return oldest - 1;
  }
}
