import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ApiErrorCode } from '@execgo/core';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { expect } from 'vitest';
import {
  ExecGo,
  type ListTasksResponse,
  ListTasksResponseSchema,
  WatchTasksResponseSchema,
} from '../../../packages/server-grpc/src/gen/execgo/v1/execgo_pb.js';
import { decode, encode } from '../../../packages/server-grpc/src/message-codec.js';
import { type Door, type ListQuery, notOffered, type Outcome } from './door.js';
import { graphMessage, receiptOf, taskOf } from './grpc-messages.js';

/** The table of the wire contract. */
const STATUS_OF: Readonly<Record<ApiErrorCode, status>> = {
  invalid_input: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  denied: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  conflict: status.ABORTED,
  gone: status.FAILED_PRECONDITION,
  too_large: status.RESOURCE_EXHAUSTED,
  unsupported_media_type: status.INVALID_ARGUMENT,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
  unavailable: status.UNAVAILABLE,
};
const ENDS = ['task_succeeded', 'task_failed', 'task_cancelled', 'task_skipped'];
const NO_GRAPHS = 'gRPC has no call that shows or cancels a submission as a whole';

/** `execgo.v1.ExecGo` by its descriptors and the gRPC library. */
export function grpcDoor(address: string): Door {
  const client = new Client(address, credentials.createInsecure());

  function call<M extends DescMethodUnary, A extends DescMessage = M['output']>(
    method: M,
    request: MessageInitShape<M['input']>,
    read: (answer: MessageShape<A>) => Outcome,
    { metadata = new Metadata(), answered = method.output as DescMessage as A } = {},
  ): Promise<Outcome> {
    return new Promise<MessageShape<A>>((resolve, reject) => {
      client.makeUnaryRequest<Buffer, MessageShape<A>>(
        pathOf(method),
        (bytes) => bytes,
        (bytes) => decode(answered, bytes),
        encode(method.input, request),
        metadata,
        (error, answer) => (error === null ? resolve(answer as MessageShape<A>) : reject(error)),
      );
    }).then(read, refused);
  }

  /** Resolves with the first event that ends the task, or when the time is over. */
  function end(id: string, timeoutMs: number): Promise<void> {
    const stream = client.makeServerStreamRequest(
      pathOf(ExecGo.method.watchTasks),
      (bytes: Buffer) => bytes,
      (bytes) => decode(WatchTasksResponseSchema, bytes),
      encode(ExecGo.method.watchTasks.input, { taskId: id }),
      { deadline: Date.now() + timeoutMs },
    );
    return new Promise((resolve, reject) => {
      stream.on('data', ({ type, taskId }) => {
        if (taskId !== id || !ENDS.includes(type)) return;
        resolve();
        stream.cancel();
      });
      stream.on('error', (error: ServiceError) => {
        if (error.code === status.DEADLINE_EXCEEDED) resolve();
        else reject(error);
      });
      stream.on('end', () => reject(new Error(`the stream of ${id} ended before the task did`)));
    });
  }

  const get = (id: string) => call(ExecGo.method.getTask, { id }, tasksOf, ONE_TASK);
  return {
    name: 'grpc',
    submit: async (graph, key) => {
      const metadata = new Metadata();
      if (key !== undefined) metadata.set('idempotency-key', key);
      return call(
        ExecGo.method.submitTasks,
        graphMessage(graph),
        (answer) => ({ ok: true, receipt: receiptOf(answer) }),
        { metadata },
      );
    },
    get,
    wait: (id, timeoutMs) => end(id, timeoutMs).then(() => get(id), refused),
    list: (query) => call(ExecGo.method.listTasks, listRequest(query), tasksOf),
    cancel: (id, reason = '') => call(ExecGo.method.cancelTask, { id, reason }, tasksOf, ONE_TASK),
    remove: (id) =>
      call(ExecGo.method.deleteTask, { id }, ({ deleted }) => {
        expect(deleted).toBe(true);
        return { ok: true };
      }),
    graph: notOffered(NO_GRAPHS),
    cancelGraph: notOffered(NO_GRAPHS),
    close: async () => client.close(),
  };
}

function pathOf({ parent, name }: { readonly parent: { readonly typeName: string }; readonly name: string }): string {
  return `/${parent.typeName}/${name}`;
}

/**
 * An answer with one task is, byte for byte, a list with that task alone; and the decoder keeps a key `__proto__` in lists.
 */
const ONE_TASK = { answered: ListTasksResponseSchema };

function tasksOf({ tasks, nextPageToken }: ListTasksResponse): Outcome {
  return { ok: true, tasks: tasks.map(taskOf), ...(nextPageToken !== '' && { next: nextPageToken }) };
}

/** Holds the status of gRPC against the `code` in the trailing metadata. */
function refused(error: ServiceError): Outcome {
  if (error.metadata === undefined) throw error;
  const [code] = error.metadata.get('code').map(String);
  expect(STATUS_OF, `${status[error.code]} ${error.details}`).toHaveProperty(String(code), error.code);
  return { error: { code: code as ApiErrorCode, message: error.details } };
}

function listRequest({ status: wanted, type = '', graphId = '', annotations = {}, limit = 0, cursor = '' }: ListQuery) {
  return { status: wanted ?? '', type, graphId, annotations, pageSize: limit, pageToken: cursor };
}
