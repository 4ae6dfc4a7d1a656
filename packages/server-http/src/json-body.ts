import { ExecGoError, errorMessage } from '@execgo/core';
import type { Call } from './call.js';
import { declaresJson, notJson } from './content-type.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const NOTHING = new Uint8Array(0);

/**
 * The request's body as JSON; undefined when there is none.
 *
 * @throws ExecGoError `unsupported_media_type`, `too_large` (naming the limit), `invalid_input` (`invalid JSON: …`)
 */
export async function optionalJsonBody(call: Call, maxBytes: number): Promise<unknown> {
  const declared = declaresJson(call.headers);
  const bytes = await readBody(call, maxBytes);
  return bytes.byteLength === 0 ? undefined : parse(bytes, declared);
}

/** The same where a body is required. */
export async function jsonBody(call: Call, maxBytes: number): Promise<unknown> {
  const body = await optionalJsonBody(call, maxBytes);
  if (body === undefined) throw new ExecGoError('invalid_input', 'invalid JSON: the body is empty');
  return body;
}

function parse(bytes: ArrayBuffer | Uint8Array, declared: boolean): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    // A body that does not say what it is and does not parse is not malformed JSON but something else.
    if (!declared) throw notJson('a body without Content-Type that is not JSON');
    const problem = error instanceof SyntaxError ? errorMessage(error) : 'the body is not valid UTF-8';
    throw new ExecGoError('invalid_input', `invalid JSON: ${problem}`);
  }
}

/** With a length, the host reads no more than that; without one, the bytes are counted as they come. */
function readBody(call: Call, maxBytes: number): Promise<ArrayBuffer | Uint8Array> {
  const length = call.headers.get('content-length');
  if (length === null) return readChunks(call.context.req.raw.body, maxBytes);
  if (!(Number(length) <= maxBytes)) throw tooLarge(maxBytes);
  return call.context.req.arrayBuffer().catch(endedEarly);
}

async function readChunks(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  if (body === null) return NOTHING;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(endedEarly);
    if (done) return Buffer.concat(chunks, bytes);
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw tooLarge(maxBytes);
    }
    chunks.push(value);
  }
}

function tooLarge(maxBytes: number): ExecGoError {
  return new ExecGoError('too_large', `the body is larger than the limit of ${maxBytes} bytes`, {
    details: { limit: maxBytes },
  });
}

function endedEarly(cause: unknown): never {
  throw new ExecGoError('invalid_input', 'the body ended before it was complete', { cause });
}
