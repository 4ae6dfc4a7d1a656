import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';

export type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface ClientOptions {
  readonly headers?: Headers;
  readonly credentials?: ChannelCredentials;
  readonly channel?: Readonly<Record<string, string | number>>;
}

/** How a call ended. */
export interface Ended {
  readonly code: number;
  readonly text: string;
  /** Of the trailing metadata. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** What is left of a call that was refused. */
class Refused extends Error {
  constructor(readonly end: Ended) {
    super(`${end.code}: ${end.text}`);
  }
}

/** A client for tests, from the descriptors alone. */
export class GrpcClient {
  private readonly client: Client;

  constructor(
    target: string,
    private readonly options: ClientOptions = {},
  ) {
    const channel = { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': -1, ...options.channel };
    this.client = new Client(target, options.credentials ?? credentials.createInsecure(), channel);
    onTestFinished(() => this.client.close());
  }

  close(): void {
    this.client.close();
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = {},
  ): Promise<MessageShape<O>> {
    return this.callRaw(method, encoded(method.input, request), headers);
  }

  /** The same with bytes that need not be a message. */
  callRaw<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: Buffer,
    headers: Headers = {},
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest<Buffer, MessageShape<O>>(
        pathOf(method),
        same,
        (bytes) => fromBinary(method.output, bytes),
        request,
        metadataOf({ ...this.options.headers, ...headers }),
        (error, answer) => (error === null ? resolve(answer as MessageShape<O>) : reject(new Refused(endOf(error)))),
      );
    });
  }

  /** To how a call ended that is to be refused. */
  async refusal<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = {},
  ): Promise<Ended> {
    return refusalOf(this.call(method, request, headers));
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
    headers: Headers = {},
  ): TestStream<MessageShape<O>> {
    const call = this.client.makeServerStreamRequest<Buffer, MessageShape<O>>(
      pathOf(method),
      same,
      (bytes) => fromBinary(method.output, bytes),
      encoded(method.input, request),
      metadataOf({ ...this.options.headers, ...headers }),
      options,
    );
    return new TestStream(call);
  }

  conversation<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    path = pathOf(method),
  ): TestStream<MessageShape<O>> & { say(request: MessageInitShape<I>): void; end(): void } {
    const call: ClientDuplexStream<Buffer, MessageShape<O>> = this.client.makeBidiStreamRequest(
      path,
      same,
      (bytes) => fromBinary(method.output, bytes),
      metadataOf(this.options.headers ?? {}),
    );
    return Object.assign(new TestStream(call), {
      say: (request: MessageInitShape<I>) => void call.write(encoded(method.input, request)),
      end: () => void call.end(),
    });
  }
}

/** A stream as a test reads it. */
export class TestStream<T> {
  /** Resolves with the initial metadata. */
  readonly begun: Promise<Metadata>;
  readonly ended: Promise<Ended>;
  private readonly items: AsyncIterator<T>;

  constructor(readonly call: ClientReadableStream<T>) {
    this.begun = new Promise((resolve) => call.once('metadata', resolve));
    this.ended = new Promise((resolve) => {
      call.once('status', (status: StatusObject) => resolve(endOf(status)));
    });
    call.on('error', () => {}); // `ended` tells.
    this.items = call.iterator({ destroyOnReturn: false });
  }

  async next(): Promise<T> {
    const { done, value } = await this.items.next();
    if (done) throw new Refused(await this.ended);
    return value;
  }

  /** Items until one is the last. */
  async until(isLast: (item: T) => boolean): Promise<readonly T[]> {
    const found: T[] = [];
    do found.push(await this.next());
    while (!isLast(found.at(-1) as T));
    return found;
  }

  cancel(): void {
    this.call.cancel();
  }
}

export async function refusalOf(call: Promise<unknown>): Promise<Ended> {
  return call.then(
    (answer) => Promise.reject(new Error(`not refused: ${String(answer)}`)),
    (error: unknown) => (error instanceof Refused ? error.end : Promise.reject(error)),
  );
}

function encoded<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, message)));
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, values] of Object.entries(headers)) for (const value of [values].flat()) metadata.add(name, value);
  return metadata;
}

function endOf({ code, details, metadata }: ServiceError | StatusObject): Ended {
  const trailers = Object.fromEntries(Object.entries(metadata.getMap()).map(([name, value]) => [name, String(value)]));
  return { code, text: details, trailers };
}
