import { createFileRegistry, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { DescriptorIndex } from '../src/descriptor-index.js';
import { ExecGo } from '../src/gen/execgo/v1/execgo_pb.js';
import { ServerReflection, type ServerReflectionRequestSchema } from '../src/gen/grpc/reflection/v1/reflection_pb.js';
import { GrpcClient } from './support/client.js';
import { fakeKernel } from './support/fake-kernel.js';
import { startGrpc } from './support/test-server.js';

const { serverReflectionInfo } = ServerReflection.method;
const V1 = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const V1ALPHA = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';

type Question = MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest'];

async function asker(path = V1) {
  const client = new GrpcClient((await startGrpc(fakeKernel())).target);
  const stream = client.conversation(serverReflectionInfo, path);
  return {
    stream,
    ask: async (messageRequest: Question) => {
      stream.say({ host: 'h', ...(messageRequest !== undefined && { messageRequest }) });
      return stream.next();
    },
  };
}

describe.each([V1, V1ALPHA])('reflection: %s', (path) => {
  it('lists the services, and gives files from which each method can be called', async () => {
    const { ask, stream } = await asker(path);
    const list = await ask({ case: 'listServices', value: '' });
    const names =
      list.messageResponse.case === 'listServicesResponse' &&
      list.messageResponse.value.service.map(({ name }) => name);
    expect(names).toEqual([
      'execgo.v1.ExecGo',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
    for (const name of names || []) {
      const answer = await ask({ case: 'fileContainingSymbol', value: name });
      if (answer.messageResponse.case !== 'fileDescriptorResponse') throw new Error(`no file for ${name}`);
      const files = answer.messageResponse.value.fileDescriptorProto.map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );
      const registry = createFileRegistry(files[0] as never, (wanted) => files.find((file) => file.name === wanted));
      expect(registry.getService(name)?.methods.length).toBeGreaterThan(0);
    }
    stream.end();
    expect((await stream.ended).code).toBe(status.OK);
  });

  it('finds a file by its name, and by a method, message, field, enum; NOT_FOUND for what is not there', async () => {
    const { ask, stream } = await asker(path);
    expect((await ask({ case: 'fileByFilename', value: 'execgo/v1/execgo.proto' })).messageResponse.case).toBe(
      'fileDescriptorResponse',
    );
    for (const value of [
      'execgo.v1.ExecGo.GetTask',
      'execgo.v1.Task',
      'execgo.v1.Task.id',
      'grpc.health.v1.HealthCheckResponse.ServingStatus',
    ]) {
      expect([value, (await ask({ case: 'fileContainingSymbol', value })).messageResponse.case]).toEqual([
        value,
        'fileDescriptorResponse',
      ]);
    }
    for (const question of [
      { case: 'fileByFilename', value: 'other.proto' },
      { case: 'fileContainingSymbol', value: 'execgo.v1.Nothing' },
      { case: 'fileContainingExtension', value: { containingType: 'execgo.v1.Task', extensionNumber: 1 } },
      { case: 'allExtensionNumbersOfType', value: 'execgo.v1.Nothing' },
    ] as const) {
      expect((await ask(question)).messageResponse).toMatchObject({
        case: 'errorResponse',
        value: { errorCode: status.NOT_FOUND },
      });
    }
    expect((await ask({ case: 'allExtensionNumbersOfType', value: 'execgo.v1.Task' })).messageResponse).toMatchObject({
      case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'execgo.v1.Task', extensionNumber: [] },
    });
    const nothing = await ask(undefined);
    expect(nothing).toMatchObject({
      validHost: 'h',
      messageResponse: { value: { errorCode: status.INVALID_ARGUMENT } },
    });
    stream.end();
  });
});

it('a conversation that is open ends with UNAVAILABLE when the server stops', async () => {
  const server = await startGrpc(fakeKernel());
  const stream = new GrpcClient(server.target).conversation(serverReflectionInfo);
  stream.say({ messageRequest: { case: 'listServices', value: '' } });
  await stream.next();
  const closed = server.close();
  expect((await stream.ended).code).toBe(status.UNAVAILABLE);
  await closed;
});

it('a file comes with all that it imports', () => {
  const imported = { ...ExecGo.file, proto: { ...ExecGo.file.proto, name: 'imported.proto' } };
  const file = { ...ExecGo.file, dependencies: [imported, imported] };
  const index = new DescriptorIndex([{ ...ExecGo, file }]);
  const names = index.file('execgo/v1/execgo.proto')?.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
  expect(names).toEqual(['execgo/v1/execgo.proto', 'imported.proto']);
  expect(index.file('imported.proto')).toHaveLength(1);
});
