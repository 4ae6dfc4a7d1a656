import type { OutputSize, OutputStream, TaskStatus } from '@execgo/core';
import { fromBase64 } from './base64.js';
import type { CallOptions } from './call-options.js';
import { ExecGoHttpError, ExecGoOptionError } from './errors.js';
import { jsonData } from './json-data.js';
import { resumedStream } from './resumed-stream.js';
import { taskPath } from './task-calls.js';
import type { Transport } from './transport.js';

/** One stream of the newest attempt; the bytes themselves where they are few (64 KiB), else ask `readOutput`. */
export interface WireStreamOutput extends OutputSize {
  readonly text?: string;
  /** Instead of text, for what is no UTF-8. */
  readonly base64?: string;
}

/** What was captured of a task's newest attempt. */
export interface WireOutput {
  readonly task_id: string;
  /** 0 where none has begun. */
  readonly attempt: number;
  readonly status: TaskStatus;
  /** The attempt runs, and more may come. */
  readonly live: boolean;
  readonly stdout: WireStreamOutput;
  readonly stderr: WireStreamOutput;
}

export interface ReadOutputOptions extends CallOptions {
  /** @default 0 */
  readonly start?: number;
  /** The first byte that is not wanted. @default the end of what is kept */
  readonly end?: number;
}

export interface OutputBytes {
  readonly bytes: Uint8Array;
  readonly attempt: number;
  /** Not all that was written is kept. */
  readonly truncated: boolean;
}

/** What somebody who watches the output of a task is told. */
export type OutputItem =
  /** What follows is the output of this attempt, from its first byte; what came before is not valid any more. */
  | { readonly type: 'attempt'; readonly attempt: number }
  /** A piece of a stream: whole characters, which `text` holds too, or bytes that are no UTF-8. */
  | {
      readonly type: 'output';
      readonly attempt: number;
      readonly stream: OutputStream;
      /** Place of the first byte in the stream. */
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly text?: string;
    }
  /** The last one. Without a status where the task was deleted, or its id submitted again, meanwhile. */
  | {
      readonly type: 'end';
      readonly status?: TaskStatus;
      readonly attempt?: number;
      readonly stdout?: OutputSize;
      readonly stderr?: OutputSize;
    };

/** The calls that show what tasks write. */
export interface OutputCalls {
  output(id: string, options?: CallOptions): Promise<WireOutput>;
  /** Captured bytes of the newest attempt, also while it runs; fewer where fewer are kept. */
  readOutput(id: string, stream: OutputStream, options?: ReadOutputOptions): Promise<OutputBytes>;
  /** What is captured of the newest attempt, then what comes, until the task is terminal: each byte once, also over cuts. */
  watchOutput(id: string, options?: CallOptions): AsyncIterable<OutputItem>;
}

export function outputCalls(transport: Transport): OutputCalls {
  return {
    output: async (id, { signal } = {}) => transport.object({ path: outputPath(id), signal }),
    readOutput: async (id, stream, options = {}) => readOutput(transport, id, stream, options),
    async *watchOutput(id, { signal } = {}) {
      for await (const message of resumedStream(transport, { path: outputPath(id), signal })) {
        const item = itemOf(message.event, jsonData(message));
        if (item === undefined) continue;
        yield item;
        if (item.type === 'end') return;
      }
    },
  };
}

async function readOutput(
  transport: Transport,
  id: string,
  stream: OutputStream,
  { start = 0, end, signal }: ReadOutputOptions,
): Promise<OutputBytes> {
  for (const [option, value] of Object.entries({ start, end: end ?? start })) {
    if (!Number.isSafeInteger(value) || value < 0) throw new ExecGoOptionError(option, 'a byte offset', value);
  }
  const isRange = start > 0 || end !== undefined;
  // No range of HTTP is empty: the facts about it come with its neighbour.
  const last = end === undefined ? '' : Math.max(start, end - 1);
  const headers = isRange ? { Range: `bytes=${start}-${last}` } : {};
  try {
    return await transport.send({ path: outputPath(id), query: { stream }, headers, signal }, async (response) => {
      const bytes = new Uint8Array(await response.arrayBuffer());
      // What takes no notice of a range sends everything.
      const first = isRange && response.status === 200 ? start : 0;
      const wanted = end === undefined ? undefined : first + Math.max(0, end - start);
      return { bytes: bytes.subarray(first, wanted), ...factsOf(response.headers) };
    });
  } catch (error) {
    // Nothing is kept of that range.
    if (!(error instanceof ExecGoHttpError) || error.status !== 416) throw error;
    const { attempt, [stream]: state } = await transport.object<WireOutput>({ path: outputPath(id), signal });
    return { bytes: new Uint8Array(), attempt, truncated: state.truncated };
  }
}

function factsOf(headers: Headers): Omit<OutputBytes, 'bytes'> {
  return {
    attempt: Number(headers.get('x-output-attempt')),
    truncated: headers.get('x-output-truncated') === 'true',
  };
}

interface OutputData {
  readonly attempt?: number;
  readonly stream?: OutputStream;
  readonly offset?: number;
  readonly text?: string;
  readonly base64?: string;
  readonly status?: TaskStatus;
  readonly stdout?: OutputSize;
  readonly stderr?: OutputSize;
}

/** Undefined for what a newer server may say. */
function itemOf(event: string | undefined, data: OutputData): OutputItem | undefined {
  const { attempt = 0, stream = 'stdout', offset = 0, text, base64, status, stdout, stderr } = data;
  switch (event) {
    case 'attempt':
      return { type: 'attempt', attempt };
    case 'task_output': {
      const bytes = text === undefined ? fromBase64(base64 ?? '') : new TextEncoder().encode(text);
      return { type: 'output', attempt, stream, offset, bytes, ...(text !== undefined && { text }) };
    }
    case 'end':
      return {
        type: 'end',
        ...(status !== undefined && { status }),
        ...(data.attempt !== undefined && { attempt }),
        ...(stdout !== undefined && { stdout }),
        ...(stderr !== undefined && { stderr }),
      };
    default:
      return undefined;
  }
}

function outputPath(id: string): string {
  return `${taskPath(id)}/output`;
}
