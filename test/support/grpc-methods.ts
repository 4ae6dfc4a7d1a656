import { ExecGo } from '../../packages/server-grpc/src/gen/execgo/v1/execgo_pb.js';
import { Health } from '../../packages/server-grpc/src/gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../packages/server-grpc/src/gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../packages/server-grpc/src/gen/grpc/reflection/v1alpha/reflection_pb.js';
import type { GrpcClient, TestStream } from '../../packages/server-grpc/test/support/client.js';

/** What a method asks of its caller. */
export type Need = 'read' | 'submit' | 'admin' | 'token' | 'nothing';

type DescMethod = (typeof ExecGo.methods)[number];

export interface ServedMethod {
  readonly service: string;
  readonly method: DescMethod;
}

/** Every method of every service that the server tells of. */
export const SERVED_METHODS: readonly ServedMethod[] = [
  ExecGo,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
].flatMap((service) => service.methods.map((method) => ({ service: service.typeName, method })));

export function methodPath({ service, method }: ServedMethod): string {
  return `/${service}/${method.name}`;
}

export interface CallEnd {
  /** The error code of the API; undefined where there is none. */
  readonly code: string | undefined;
  readonly text: string;
}

const FINE: CallEnd = { code: undefined, text: '' };

/** Calls a method without a message that makes sense; to how it ends, or that a stream has begun. */
export async function endOfMethod(client: GrpcClient, served: ServedMethod): Promise<CallEnd> {
  const { method } = served;
  if (method.methodKind === 'unary') {
    return client.call(method as Parameters<GrpcClient['call']>[0], {}).then(
      () => FINE,
      ({ end }) => endOf(end),
    );
  }
  if (method.methodKind === 'server_streaming') {
    return endOfStream(client.stream(method as Parameters<GrpcClient['stream']>[0], {}));
  }
  const stream = client.conversation(method as Parameters<GrpcClient['conversation']>[0], methodPath(served));
  stream.end();
  return endOfStream(stream);
}

async function endOfStream(stream: TestStream<unknown>): Promise<CallEnd> {
  const end = await Promise.race([stream.begun.then(() => FINE), stream.ended.then(endOf)]);
  stream.cancel();
  await stream.ended;
  return end;
}

interface Ended {
  readonly text: string;
  readonly trailers: Readonly<Record<string, string>>;
}

function endOf({ text, trailers }: Ended): CallEnd {
  return { code: trailers.code, text };
}

/** The services that the server tells of by reflection, sorted. */
export async function servicesByReflection(client: GrpcClient): Promise<readonly string[]> {
  const stream = client.conversation(ServerReflection.method.serverReflectionInfo);
  stream.say({ messageRequest: { case: 'listServices', value: '' } });
  const { messageResponse } = await stream.next();
  stream.end();
  await stream.ended;
  if (messageResponse.case !== 'listServicesResponse') throw new Error(`not a list: ${messageResponse.case}`);
  return messageResponse.value.service.map(({ name }) => name).sort();
}
