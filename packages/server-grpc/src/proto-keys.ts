import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { setOwn } from '@execgo/core';

/** The one key that the decoder cannot put into a plain object: assigning it sets the prototype, and the entry is gone. */
const LOST_KEY = '__proto__';
const KEY_FIELD = 1;
const VALUE_FIELD = 2;

/**
 * Puts that key back into the maps of text of a message that was just decoded, and of the messages in its lists: to ExecGo it is a
 * key like any other.
 */
export function restoreLostKeys(schema: DescMessage, message: object, bytes: Buffer): void {
  if (bytes.includes(LOST_KEY)) restore(schema, message as Record<string, unknown>, bytes);
}

function restore(schema: DescMessage, message: Record<string, unknown>, bytes: Uint8Array): void {
  const fields = new Map(schema.fields.map((field) => [field.number, field]));
  const places = new Map<DescField, number>();
  for (const [number, part] of parts(bytes)) {
    const field = fields.get(number);
    if (field?.fieldKind === 'map') restoreEntry(message[field.localName] as Record<string, unknown>, part);
    if (field?.fieldKind !== 'list' || field.listKind !== 'message') continue;
    const place = places.get(field) ?? 0;
    places.set(field, place + 1);
    restore(field.message, (message[field.localName] as Record<string, unknown>[])[place] ?? {}, part);
  }
}

function restoreEntry(map: Record<string, unknown>, entry: Uint8Array): void {
  let key = '';
  let value = '';
  for (const [number, part] of parts(entry)) {
    const text = Buffer.from(part).toString('utf8');
    if (number === KEY_FIELD) key = text;
    if (number === VALUE_FIELD) value = text;
  }
  if (key === LOST_KEY) setOwn(map, key, value);
}

/** The fields of a message that are texts, bytes or messages, in the order they stand there. */
function* parts(bytes: Uint8Array): Generator<readonly [number, Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) yield [number, reader.bytes()];
    else reader.skip(wireType, number);
  }
}
