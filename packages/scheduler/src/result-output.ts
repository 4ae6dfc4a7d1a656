import { isJsonObject, type Json, OUTPUT_STREAMS, type OutputStream } from '@execgo/core';

const encoder = new TextEncoder();

/** What a result holds of a stream: its own string field of that name, as UTF-8; nothing where it has none. */
export function streamOfResult(result: Json | undefined, stream: OutputStream): Uint8Array {
  const text = textOf(result, stream);
  return text === undefined || text === '' ? new Uint8Array(0) : encoder.encode(text);
}

/** Whether the result says of itself that it holds a part of the output only. */
export function isResultTruncated(result: Json | undefined): boolean {
  return (
    result !== undefined && isJsonObject(result) && Object.hasOwn(result, 'truncated') && result.truncated === true
  );
}

/** Whether a result holds both streams byte for byte, so that nothing else need keep them. */
export function repeatsOutput(
  result: Json | undefined,
  written: Readonly<Record<OutputStream, { readonly length: number; read(start: number, end: number): Uint8Array }>>,
): boolean {
  return OUTPUT_STREAMS.every((stream) => {
    const { length } = written[stream];
    const text = textOf(result, stream) ?? '';
    // A UTF-16 unit is at least one byte and at most three: what cannot be equal is not encoded.
    if (text.length > length || 3 * text.length < length) return false;
    if (length === 0) return true;
    const kept = encoder.encode(text);
    if (kept.length !== length) return false;
    const bytes = written[stream].read(0, length);
    return kept.every((byte, at) => byte === bytes[at]);
  });
}

function textOf(result: Json | undefined, stream: OutputStream): string | undefined {
  if (result === undefined || !isJsonObject(result) || !Object.hasOwn(result, stream)) return undefined;
  const text = result[stream];
  return typeof text === 'string' ? text : undefined;
}
