import {
  ExecGoError,
  isExecGoError,
  isTerminal,
  OUTPUT_STREAMS,
  type OutputItem,
  type OutputPosition,
  type OutputStream,
  type WatchOutputOptions,
} from '@execgo/core';
import type { LocatedOutput, Outputs } from './outputs.js';

/** Most bytes of one item. */
const PIECE_BYTES = 64 * 1024;

/** Looks that find output which then cannot be read: after a removal the next one tells what became of the task. */
const MAX_MISSES = 10;

/** How far a watcher has come. */
interface Cursor {
  run: string | undefined;
  /** Output of the run has been read from the output store: the result, which may show a part alone, does not go on from there. */
  isInStore: boolean;
  readonly at: Record<OutputStream, number>;
}

/**
 * Follows the output of a task. It is a cursor that reads where the output is at the moment, buffer or store, and holds nothing
 * in between; it waits when there is nothing more to read.
 */
export async function* watchOutput(
  outputs: Outputs,
  id: string,
  { from, signal }: WatchOutputOptions,
): AsyncGenerator<OutputItem, void, undefined> {
  const bell = outputs.bells.hang(id);
  // Whoever aborts need not read on: nothing waits for him from then on.
  const onAbort = () => {
    bell.ring();
    outputs.bells.take(id, bell);
  };
  signal?.addEventListener('abort', onAbort);
  const hasEnded = () => outputs.closed || (signal?.aborted ?? false);
  const cursor = cursorAt(from);
  let submittedSeq: number | undefined;
  let misses = 0;
  try {
    while (!hasEnded()) {
      const news = bell.next();
      const located = await locate(outputs, id, submittedSeq);
      if (located === undefined) {
        yield { type: 'end', status: undefined };
        return;
      }
      const { task, run, attempt } = located;
      submittedSeq = task.submitted_seq;
      if (run !== cursor.run) {
        cursor.run = run;
        cursor.isInStore = false;
        for (const stream of OUTPUT_STREAMS) cursor.at[stream] = 0;
        if (attempt > 0) {
          yield { type: 'attempt', run, attempt };
          // What was found is old news by the time that the reader comes back.
          continue;
        }
      }
      let gave = false;
      let isMissing = false;
      for await (const item of pieces(outputs, located, cursor)) {
        isMissing = item === undefined;
        if (item === undefined) break;
        gave = true;
        yield item;
        if (hasEnded()) return;
      }
      // While the reader was busy more may have come, or another attempt, or the task may be gone.
      if (gave) continue;
      if (isMissing) {
        misses += 1;
        if (misses < MAX_MISSES) continue;
        throw new ExecGoError('unavailable', `output of task "${id}" cannot be read any more`);
      }
      misses = 0;
      if (isTerminal(task.status)) {
        yield { type: 'end', status: task.status };
        return;
      }
      if (!hasEnded()) await news;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    outputs.bells.take(id, bell);
  }
}

/** Undefined where the task that was found at first is not there any more. */
async function locate(outputs: Outputs, id: string, seq: number | undefined): Promise<LocatedOutput | undefined> {
  try {
    const located = await outputs.locate(id);
    return seq === undefined || located.task.submitted_seq === seq ? located : undefined;
  } catch (error) {
    if (seq !== undefined && isExecGoError(error, 'not_found')) return undefined;
    throw error;
  }
}

/** What can be read now, the streams by turns; undefined where output has gone that was there just now. */
async function* pieces(
  outputs: Outputs,
  located: LocatedOutput,
  cursor: Cursor,
): AsyncGenerator<OutputItem | undefined> {
  const { run, attempt } = located;
  const sizes = await outputs.sizes(located);
  if (cursor.isInStore && !sizes.isInStore) {
    yield undefined;
    return;
  }
  cursor.isInStore = sizes.isInStore;
  for (let open = [...OUTPUT_STREAMS]; open.length > 0; ) {
    const still: OutputStream[] = [];
    for (const stream of open) {
      const offset = cursor.at[stream];
      const end = Math.min(sizes[stream].kept, offset + PIECE_BYTES);
      if (offset >= end) continue;
      const chunk = await outputs.read(located, sizes, stream, { start: offset, end });
      if (chunk.length === 0) {
        yield undefined;
        return;
      }
      cursor.at[stream] += chunk.length;
      still.push(stream);
      yield { type: 'output', run, attempt, stream, offset, chunk };
    }
    open = still;
  }
}

function cursorAt(from: OutputPosition | undefined): Cursor {
  return { run: from?.run, isInStore: false, at: { stdout: from?.stdout ?? 0, stderr: from?.stderr ?? 0 } };
}
