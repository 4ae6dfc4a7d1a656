import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ExecGoError, nextTurn, TASK_STATUSES, type TaskQuery, type TaskStatus } from '@execgo/core';
import type { Call } from './call.js';
import { type ListTasksRequest, ListTasksResponseSchema, TaskSchema } from './gen/execgo/v1/execgo_pb.js';
import { encode } from './message-codec.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import type { ResolvedServerOptions } from './server-options.js';
import { invalidField } from './task-input.js';
import { ownCopy, taskMessage } from './task-message.js';

/** Room for the token of the next page, and for what stands round each task. */
const TOKEN_BYTES = 64;
const FRAME_BYTES = 8;

/**
 * One page, or everything where no page size is given. The answer is put together from the bytes of its tasks, each made once: only
 * they tell how many fit.
 *
 * @throws ExecGoError `invalid_input` naming the field; `too_large` where everything does not fit into one message
 */
export async function listTasks(
  request: ListTasksRequest,
  call: Call,
  { kernel, limits, clock }: ResolvedServerOptions,
): Promise<Uint8Array> {
  const filter = taskFilter(request);
  const pageSize = pageSizeOf(request, limits.maxPageItems);
  const most = pageSize ?? Number.POSITIVE_INFINITY;
  const maxBytes = (pageSize === undefined ? limits.maxSendBytes : limits.pageBytes) - TOKEN_BYTES;
  const answer = new BinaryWriter();
  let bytes = 0;
  let count = 0;
  let before = request.pageToken === '' ? undefined : decodePageToken(request.pageToken);
  do {
    const limit = Math.min(limits.batchItems, most - count);
    const page = await kernel.list({ ...filter, limit, ...(before !== undefined && { before }) });
    for (const task of page.tasks) {
      const encoded = encode(TaskSchema, taskMessage(task));
      bytes += encoded.length + FRAME_BYTES;
      if (bytes > maxBytes && (pageSize === undefined || count > 0)) {
        if (pageSize === undefined) throw doesNotFit(limits.maxSendBytes);
        return withNext(answer, before);
      }
      answer.tag(ListTasksResponseSchema.field.tasks.number, WireType.LengthDelimited).bytes(encoded);
      count += 1;
      before = task.submitted_seq;
    }
    if (page.next === undefined) return answer.finish();
    before = page.next;
    if (count >= most) return withNext(answer, before);
    await nextTurn(clock);
  } while (!call.isOver());
  return answer.finish();
}

function withNext(answer: BinaryWriter, before: number | undefined): Uint8Array {
  if (before === undefined) return answer.finish();
  const { number } = ListTasksResponseSchema.field.nextPageToken;
  return answer.tag(number, WireType.LengthDelimited).string(encodePageToken(before)).finish();
}

function taskFilter({ status, type, graphId, handleId, annotations }: ListTasksRequest): TaskQuery {
  if (status !== '' && !(TASK_STATUSES as readonly string[]).includes(status)) {
    throw invalidField('status', `expected one of ${TASK_STATUSES.join(', ')}, got ${JSON.stringify(status)}`);
  }
  return {
    ...(status !== '' && { status: status as TaskStatus }),
    ...(type !== '' && { type }),
    ...(graphId !== '' && { graph_id: graphId }),
    ...(handleId !== '' && { handle_id: handleId }),
    ...(Object.keys(annotations).length > 0 && { annotations: ownCopy(annotations) }),
  };
}

function pageSizeOf({ pageSize }: ListTasksRequest, max: number): number | undefined {
  if (pageSize === 0) return undefined;
  if (pageSize > 0 && pageSize <= max) return pageSize;
  throw invalidField('page_size', `expected an integer from 1 to ${max}, or 0 for everything, got ${pageSize}`);
}

function doesNotFit(maxBytes: number): ExecGoError {
  return new ExecGoError(
    'too_large',
    `the tasks do not fit into one message of ${maxBytes} bytes: ask by pages, with page_size and page_token`,
    { details: { field: 'page_size', limit: maxBytes } },
  );
}
