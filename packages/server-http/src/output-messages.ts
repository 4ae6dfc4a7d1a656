import {
  type Kernel,
  OUTPUT_STREAMS,
  type OutputItem,
  type OutputPosition,
  type OutputStream,
  type TaskOutputState,
  type TaskStatus,
} from '@execgo/core';
import { bytesToWire, cutCharacterLength } from './output-text.js';
import { invalidParameter } from './query.js';

const POSITION = /^(\d{1,15})-(\d{1,15})-([\x21-\x7e]{1,128})$/;
const NOTHING = new Uint8Array(0);

/** How far a client has come, as the `id` of an SSE message: opaque to clients. */
function encodePosition({ stdout, stderr, run }: OutputPosition): string {
  return `${stdout}-${stderr}-${run}`;
}

/** @throws ExecGoError `invalid_input` naming the parameter */
export function decodePosition(name: string, text: string): OutputPosition {
  const [, stdout, stderr, run] = POSITION.exec(text) ?? [];
  if (run === undefined) throw invalidParameter(name, 'expected the id of a message of this stream');
  return { stdout: Number(stdout), stderr: Number(stderr), run };
}

/**
 * What a watcher is told, as SSE messages: `attempt`, `task_output`, and at last `end`. Text is never cut within a character: a
 * beginning that may still be completed is held back, and what turns out to be no UTF-8 goes out as base64. An id tells how far
 * the client has come with that message, what is held back not counted.
 */
export async function* outputMessages(
  kernel: Kernel,
  taskId: string,
  items: AsyncIterable<OutputItem>,
  from: OutputPosition | undefined,
): AsyncGenerator<string, void, undefined> {
  let run = from?.run ?? '';
  let attempt = 0;
  const given = { stdout: from?.stdout ?? 0, stderr: from?.stderr ?? 0 };
  const held: Record<OutputStream, Uint8Array> = { stdout: NOTHING, stderr: NOTHING };

  function message(event: string, data: object): string {
    const id = run === '' ? '' : `id: ${encodePosition({ run, ...given })}\n`;
    return `${id}event: ${event}\ndata: ${JSON.stringify({ task_id: taskId, ...data })}\n\n`;
  }

  function piece(stream: OutputStream, bytes: Uint8Array): string {
    const offset = given[stream];
    given[stream] += bytes.length;
    return message('task_output', { attempt, stream, offset, ...bytesToWire(bytes) });
  }

  for await (const item of items) {
    if (item.type === 'output') {
      attempt = item.attempt;
      const bytes = joined(held[item.stream], item.chunk);
      const whole = bytes.length - cutCharacterLength(bytes);
      held[item.stream] = bytes.slice(whole);
      if (whole > 0) yield piece(item.stream, bytes.subarray(0, whole));
    } else if (item.type === 'attempt') {
      ({ run, attempt } = item);
      for (const stream of OUTPUT_STREAMS) {
        held[stream] = NOTHING;
        given[stream] = 0;
      }
      yield message('attempt', { attempt });
    } else {
      for (const stream of OUTPUT_STREAMS) if (held[stream].length > 0) yield piece(stream, held[stream]);
      yield message('end', await ending(kernel, taskId, item.status));
    }
  }
}

/** How the task ended, and how much of what it wrote there is to be had. */
async function ending(kernel: Kernel, taskId: string, status: TaskStatus | undefined) {
  if (status === undefined) return {};
  const state = await kernel.output(taskId).catch((): undefined => undefined);
  return { status, ...(state?.status === status && sizesOf(state)) };
}

function sizesOf({ attempt, stdout, stderr }: TaskOutputState) {
  return { attempt, stdout, stderr };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
