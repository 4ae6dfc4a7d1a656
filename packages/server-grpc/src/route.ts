import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { traceIdOf } from '@execgo/access';
import { ExecGoError } from '@execgo/core';
import {
  Metadata,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Call, Door, StreamCall } from './call.js';
import { CallEnd } from './call-end.js';
import { type Need, textOf } from './caller-of.js';
import { asBuffer, decode, encode } from './message-codec.js';
import { type Refusal, refusal } from './refusal.js';
import { StreamWriter } from './stream-writer.js';

/** What a handler may give instead of a message: its bytes, where it made them itself. */
export type Encoded = Uint8Array;

/** One method of one service, and what it asks of its caller. */
export interface Route {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly need: Need;
  /** Messages stay bytes here, so that one that cannot be read is answered like any other bad input. */
  readonly definition: MethodDefinition<Buffer, Buffer>;
  handler(door: Door): UntypedHandleCall;
}

/** A method that takes one message and gives one. What it throws becomes the status. */
export function unary<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  need: Need,
  answer: (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O> | Encoded>,
): Route {
  return route(method, need, (door) => (grpc: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
    const traceId = traceOf(grpc.metadata);
    const respond = async () => {
      const call = { ...admissionOf(door, grpc), metadata: grpc.metadata, traceId, isOver: () => grpc.cancelled };
      return bytesOf(method.output, await answer(decode(method.input, grpc.request), call));
    };
    respond().then(
      (bytes) => callback(null, bytes, withTraceId(traceId)),
      (error: unknown) => callback(refused(door, error, method, traceId)),
    );
  });
}

/** A method that takes one message and gives a stream. `open` may reject; the stream begins once it has resolved. */
export function serverStream<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  need: Need,
  open: (request: MessageShape<I>, call: StreamCall) => Promise<AsyncIterable<MessageInitShape<O>>>,
): Route {
  return route(method, need, (door) => (grpc: ServerWritableStream<Buffer, Buffer>) => {
    void runStream(door, grpc, method, async (call) => open(decode(method.input, grpc.request), call));
  });
}

/** A method that answers each message of a stream by one. */
export function conversation<I extends DescMessage, O extends DescMessage>(
  method: DescMethodBiDiStreaming<I, O>,
  need: Need,
  answer: (request: MessageShape<I>) => MessageInitShape<O>,
  path?: string,
): Route {
  const handler = (door: Door) => (grpc: ServerDuplexStream<Buffer, Buffer>) => {
    const traceId = traceOf(grpc.metadata);
    const end = new CallEnd(grpc, door.closing);
    let isOver = false;
    const finish = (error?: unknown) => {
      if (isOver) return;
      isOver = true;
      end.end();
      if (error === undefined) grpc.end(withTraceId(traceId));
      else endWith(grpc, refused(door, error, method, traceId));
    };
    end.signal.addEventListener('abort', () => {
      if (door.closing.aborted) finish(stopping());
      isOver = true;
    });
    grpc.on('end', () => finish());
    grpc.on('data', (request: Buffer) => {
      if (isOver) return;
      try {
        if (grpc.write(encode(method.output, answer(decode(method.input, request))))) return;
      } catch (error) {
        finish(error);
        return;
      }
      grpc.pause().once('drain', () => grpc.resume());
    });
  };
  return route(method, need, handler, path);
}

function route(
  method: DescMethod,
  need: Need,
  handler: (door: Door) => UntypedHandleCall,
  path = `/${method.parent.typeName}/${method.name}`,
): Route {
  const bytes = (message: Buffer) => message;
  const definition: MethodDefinition<Buffer, Buffer> = {
    path,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  return { path, need, definition, handler };
}

type WritableCall = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/**
 * Sends a source to its end. Initial metadata goes out once the source has begun, so that a caller who has it misses nothing from
 * then on.
 */
async function runStream<O extends DescMessage>(
  door: Door,
  grpc: WritableCall,
  method: DescMethod & { readonly output: O },
  open: (call: StreamCall) => Promise<AsyncIterable<MessageInitShape<O>>>,
): Promise<void> {
  const traceId = traceOf(grpc.metadata);
  const end = new CallEnd(grpc, door.closing);
  const { signal } = end;
  let source: AsyncIterator<MessageInitShape<O>> | undefined;
  try {
    const isOver = () => signal.aborted;
    const isClosing = () => door.closing.aborted;
    const admission = admissionOf(door, grpc);
    source = (await open({ ...admission, metadata: grpc.metadata, traceId, isOver, signal, isClosing }))[
      Symbol.asyncIterator
    ]();
    const writer = new StreamWriter(grpc, signal, door.options);
    let step = source.next();
    step.catch(() => {}); // Read below; until then a failure must not count as unhandled.
    grpc.sendMetadata(new Metadata());
    for (let item = await step; item.done !== true; item = await step) {
      await writer.write(encode(method.output, item.value));
      if (signal.aborted && !door.closing.aborted) break;
      step = source.next();
    }
    if (door.closing.aborted) throw stopping();
    // Its caller is gone or its deadline over, which grpc-js tells by itself: a source that ended for that did not come to its end.
    if (!signal.aborted) grpc.end(withTraceId(traceId));
  } catch (error) {
    // Whoever is gone needs no answer, and what the source threw because of that is no failure.
    if (!signal.aborted || door.closing.aborted) endWith(grpc, refused(door, error, method, traceId));
  } finally {
    end.end();
    // A source that waits for its reader would never see that there is none.
    void source?.return?.().catch(() => {});
  }
}

function endWith(grpc: WritableCall, answer: Refusal & Error): void {
  // How grpc-js wants to be told the status of a stream: it ends the stream after what was written before.
  grpc.emit('error', answer);
}

function stopping(): ExecGoError {
  return new ExecGoError('unavailable', 'the server is stopping');
}

function admissionOf(door: Door, grpc: { readonly metadata: Metadata }) {
  const admission = door.admissions.get(grpc.metadata);
  if (admission === undefined) throw new ExecGoError('internal', 'a call reached its handler without being let in');
  return admission;
}

function bytesOf<O extends DescMessage>(schema: O, answer: MessageInitShape<O> | Encoded): Buffer {
  return answer instanceof Uint8Array ? asBuffer(answer) : encode(schema, answer);
}

function traceOf(metadata: Metadata): string {
  return traceIdOf(textOf(metadata, 'x-trace-id') ?? undefined);
}

function withTraceId(traceId: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-trace-id', traceId);
  return metadata;
}

function refused({ options }: Door, error: unknown, method: DescMethod, traceId: string): Refusal & Error {
  const answer = refusal(error, traceId);
  // The kernel says by itself why it is unavailable, once; here it would be once for every call.
  if (answer.metadata.get('code')[0] === 'internal') {
    options.logger.error(
      { err: error, trace_id: traceId, method: `${method.parent.typeName}/${method.name}` },
      answer.details,
    );
  }
  return Object.assign(new Error(answer.details), answer);
}
