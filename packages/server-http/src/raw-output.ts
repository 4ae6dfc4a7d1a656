import { ExecGoError, type Kernel, nextTurn, type OutputStream } from '@execgo/core';
import type { ResolvedOptions } from './app-options.js';
import { cutConnection } from './bindings.js';
import { type ByteRange, byteRange } from './byte-range.js';
import type { Call } from './call.js';
import { ofNewestRun } from './newest-run.js';
import { cutCharacterLength, utf8 } from './output-text.js';

/** Bytes in memory for one answer. */
const PIECE_BYTES = 64 * 1024;
/** By so many of its first bytes a stream is taken for text or not, whatever part of it is asked for. */
const LOOKED_AT_BYTES = 4096;

/** One stream of one run, and the part of it that is wanted. */
interface Part extends ByteRange {
  readonly id: string;
  readonly run: string;
  readonly stream: OutputStream;
}

/**
 * The captured bytes of one stream as they are, or one range of them: those that were there at the moment of the call. Read as
 * fast as the caller takes them.
 */
export function rawOutput(call: Call, id: string, stream: OutputStream, options: ResolvedOptions) {
  return ofNewestRun(() => rawOutputNow(call, id, stream, options));
}

async function rawOutputNow(call: Call, id: string, stream: OutputStream, options: ResolvedOptions) {
  const { kernel } = options;
  const state = await kernel.output(id);
  const { run, attempt, live } = state;
  const { kept, truncated } = state[stream];
  const tag = `"${run}"`;
  const range = rangeOf(call, kept, live ? undefined : tag);
  const common = {
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Output-Attempt': String(attempt),
    ...(truncated && { 'X-Output-Truncated': 'true' }),
    ...(!live && { ETag: tag }),
  };
  if (range === 'unsatisfiable') {
    const error = `Range: ${stream} has ${kept} bytes`;
    const body = { error, code: 'invalid_input', details: { field: 'Range', size: kept }, trace_id: call.traceId };
    return call.json(416, body, { ...common, 'Content-Range': `bytes */${kept}` });
  }
  const part: Part = { id, run, stream, ...(range ?? { start: 0, end: kept }) };
  const headers = {
    ...common,
    'Content-Length': String(part.end - part.start),
    // The length of what still grows is not known.
    ...(range !== undefined && { 'Content-Range': `bytes ${part.start}-${part.end - 1}/${live ? '*' : kept}` }),
  };
  const contentType = await contentTypeOf(kernel, part, kept);
  const body = call.isHead ? null : await bodyOf(call, part, options);
  return call.answer(range === undefined ? 200 : 206, contentType, body, headers);
}

/** A range goes with the output it was begun on (RFC 9110, 13.1.5), where the caller names it. */
function rangeOf(call: Call, size: number, tag: string | undefined) {
  const condition = call.headers.get('if-range');
  if (condition !== null && condition !== tag) return undefined;
  return byteRange(call.headers.get('range'), size);
}

async function contentTypeOf(kernel: Kernel, { id, run, stream }: Part, kept: number): Promise<string> {
  const first = await kernel.readOutput(id, stream, { run, end: Math.min(kept, LOOKED_AT_BYTES) });
  const isText = !first.includes(0) && utf8(first.subarray(0, first.length - cutCharacterLength(first))) !== undefined;
  return isText ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** What is read in one go is read before the answer begins, so that what fails becomes an error answer. */
async function bodyOf(call: Call, part: Part, { kernel, clock, logger }: ResolvedOptions) {
  const first = await readPiece(kernel, part, part.start);
  if (part.start + first.length === part.end) return first;
  let next: Uint8Array | undefined = first;
  let at = part.start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (next === undefined) {
            await nextTurn(clock);
            next = await readPiece(kernel, part, at);
          }
        } catch (err) {
          logger.error({ err, trace_id: call.traceId, url: call.url }, 'the output of a task broke off');
          if (!cutConnection(call.context.env)) controller.error(err);
          return;
        }
        at += next.length;
        controller.enqueue(next);
        next = undefined;
        if (at === part.end) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function readPiece(kernel: Kernel, { id, run, stream, end }: Part, at: number) {
  const upTo = Math.min(end, at + PIECE_BYTES);
  const bytes = await kernel.readOutput(id, stream, { run, start: at, end: upTo });
  if (bytes.length === 0 && at < upTo) throw new ExecGoError('conflict', `output of task "${id}" is no longer there`);
  return new Uint8Array(bytes);
}
