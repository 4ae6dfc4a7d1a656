import type { DescService, MessageInitShape } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { DescriptorIndex } from '../descriptor-index.js';
import { ExecGo } from '../gen/execgo/v1/execgo_pb.js';
import { Health } from '../gen/grpc/health/v1/health_pb.js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { conversation, type Route } from '../route.js';

type ReflectionMessage = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<ReflectionMessage['messageResponse']>;

const SERVICES: readonly DescService[] = [ExecGo, Health, ServerReflection, ServerReflectionAlpha];

/** `grpc.reflection`: v1, and v1alpha, whose messages are the same on the wire. */
export function reflectionService(): readonly Route[] {
  const index = new DescriptorIndex(SERVICES);
  const { serverReflectionInfo: method } = ServerReflection.method;
  const answer = (request: ServerReflectionRequest): ReflectionMessage => ({
    validHost: request.host,
    originalRequest: request,
    messageResponse: answerTo(request.messageRequest, index),
  });
  return [
    conversation(method, 'token', answer),
    conversation(method, 'token', answer, `/${ServerReflectionAlpha.typeName}/${method.name}`),
  ];
}

function answerTo(request: ServerReflectionRequest['messageRequest'], index: DescriptorIndex): Answer {
  switch (request.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: SERVICES.map(({ typeName: name }) => ({ name })) },
      };
    case 'fileByFilename':
      return fileAnswer(index.file(request.value), `file not found: ${request.value}`);
    case 'fileContainingSymbol':
      return fileAnswer(index.fileOf(request.value), `symbol not found: ${request.value}`);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = request.value;
      return notFound(`extension not found: ${extensionNumber} of ${containingType}`);
    }
    case 'allExtensionNumbersOfType':
      if (!index.hasMessage(request.value)) return notFound(`message not found: ${request.value}`);
      return { case: 'allExtensionNumbersResponse', value: { baseTypeName: request.value, extensionNumber: [] } };
    default:
      return problem(status.INVALID_ARGUMENT, 'the request asks for nothing that this server knows');
  }
}

function fileAnswer(files: readonly Uint8Array[] | undefined, otherwise: string): Answer {
  if (files === undefined) return notFound(otherwise);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...files] } };
}

function notFound(errorMessage: string): Answer {
  return problem(status.NOT_FOUND, errorMessage);
}

function problem(errorCode: status, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
