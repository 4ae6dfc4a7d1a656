import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ExecGoError, errorMessage } from '@execgo/core';
import { restoreLostKeys } from './proto-keys.js';

/** @throws ExecGoError `invalid_input` for bytes that are no such message */
export function decode<D extends DescMessage>(schema: D, bytes: Buffer): MessageShape<D> {
  try {
    const message = fromBinary(schema, bytes, { readUnknownFields: false });
    restoreLostKeys(schema, message, bytes);
    return message;
  } catch (cause) {
    const problem = `the message is no ${schema.typeName}: ${errorMessage(cause)}`;
    throw new ExecGoError('invalid_input', problem, { cause });
  }
}

/** The bytes of a message, in the form that gRPC writes. */
export function encode<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Buffer {
  return asBuffer(toBinary(schema, create(schema, message)));
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
