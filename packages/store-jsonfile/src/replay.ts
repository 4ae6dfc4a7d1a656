import { join } from 'node:path';
import { errorMessage, isExecGoError, type TaskEvent, type TaskTable } from '@execgo/core';
import type { FileReader } from './file-system.js';
import { eventSlices, lineHead, parseEvents, type RawLine } from './journal-line.js';
import type { Segment } from './segment.js';
import { readLines } from './segment-reader.js';
import { damaged } from './store-damage.js';

export interface ReplayStart {
  /** Tasks hold what came up to this seq. */
  readonly stateSeq: number;
  /** Receipts hold what came up to this seq. */
  readonly receiptsSeq: number;
}

/**
 * Folds into the table what came after its snapshot.
 *
 * @throws ExecGoError `internal` naming the place of an event that cannot be folded
 */
export async function replay(
  fileSystem: FileReader,
  directory: string,
  segments: readonly Segment[],
  table: TaskTable,
  start: ReplayStart,
): Promise<void> {
  const from = Math.min(start.stateSeq, start.receiptsSeq) + 1;
  for (const segment of segments) {
    if (segment.lastSeq < from) continue;
    const file = await fileSystem.open(join(directory, segment.name), 'read');
    try {
      for await (const { lines } of readLines(file, segment.seek(from), segment.bytes)) {
        for (const line of lines) replayLine(file.path, line, from, table, start);
      }
    } finally {
      await file.close();
    }
  }
}

function replayLine(path: string, line: RawLine, from: number, table: TaskTable, start: ReplayStart): void {
  const head = lineHead(line.json);
  if (head?.kind !== 'events' || head.last < from) return;
  try {
    const events: TaskEvent[] = [];
    for (const slice of eventSlices(line.json, head.from)) {
      for (const event of parseEvents(slice)) if (isNew(event, table, start)) events.push(event);
    }
    table.apply(events);
  } catch (error) {
    if (isExecGoError(error, 'internal')) throw damaged(path, error.message, line.offset, error);
    throw damaged(path, errorMessage(error), line.offset, error);
  }
}

function isNew(event: TaskEvent, table: TaskTable, start: ReplayStart): boolean {
  if (event.type === 'graph_submitted') return event.seq > start.receiptsSeq;
  return event.seq > start.stateSeq && event.seq > (table.get(event.task_id)?.last_seq ?? 0);
}
